import { basename, dirname } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { propagationFlag } from '../../kernel/flag.ts';
import { operation } from '../../kernel/operation.ts';
import type { Snapshot } from '../../image/snapshot.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Spec } from '../spec.ts';

export interface RootSource {
  readonly spec: Spec;
  readonly snapshot: Snapshot | undefined;
  /** With a user namespace the files' owners are mapped into it. */
  readonly userSlot: number | undefined;
}

/** The root file system as a mount in the slot, attached nowhere yet. */
export function planRootSource(builder: PlanBuilder, source: RootSource): number {
  const slot = builder.slot();
  const { snapshot, spec, userSlot } = source;
  if (snapshot !== undefined) {
    const { folder, names } = relativeLayers(snapshot.layers);
    const { upper, work } = snapshot;
    const mapping = userSlot === undefined ? {} : { userNamespaceSlot: userSlot };
    builder.add(operation.overlay(slot, { folder, layers: names, upper, work, ...mapping }));
    return slot;
  }
  if (spec.root === undefined || !spec.root.path.startsWith('/')) {
    throw new DomainError('invalid', 'Without a snapshot, root.path must be an absolute path');
  }
  builder.add(operation.openTree(slot, spec.root.path, true));
  const change = { recursive: true, propagation: propagationFlag.private };
  const mapping = userSlot === undefined ? {} : { userNamespaceSlot: userSlot };
  builder.add(operation.attributes(slot, { ...change, ...mapping }));
  return slot;
}

/** Short relative names: hundreds of them fit in the one page that mount(2) reads. */
export function relativeLayers(layers: readonly string[]): { folder: string; names: string[] } {
  const folders = new Set(layers.map((layer) => dirname(layer)));
  const [folder = '/'] = folders;
  if (layers.length === 0) throw new DomainError('invalid', 'A snapshot without layers');
  if (folders.size === 1) return { folder, names: layers.map((layer) => basename(layer)) };
  const parts = layers.map((layer) => layer.split('/'));
  let shared = 0;
  const [first = []] = parts;
  while (shared < first.length - 1 && parts.every((path) => path[shared] === first[shared])) {
    shared++;
  }
  return {
    folder: first.slice(0, shared).join('/') || '/',
    names: parts.map((path) => path.slice(shared).join('/')),
  };
}
