import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeVolatileState } from '../base/state-file.ts';
import type { ContainerRequest } from './container-engine.ts';
import { hasHooks } from './plan/plan-hooks.ts';
import type { RecordStore } from './record-store.ts';

/** The folder that hooks are told. */
export function bundleOf(store: RecordStore, request: ContainerRequest): string {
  return request.bundle ?? store.folderOf(request.id);
}

/**
 * Hooks read `config.json` in the bundle, and find the root where it says. Where there are none,
 * nobody looks, and nothing is written.
 */
export function writeBundle(store: RecordStore, request: ContainerRequest): void {
  const { spec, snapshot, bundle } = request;
  if (bundle !== undefined || !hasHooks(spec)) return;
  const folder = store.folderOf(request.id);
  if (snapshot === undefined) return writeVolatileState(join(folder, 'config.json'), spec);
  mkdirSync(join(folder, 'rootfs'), { mode: 0o755 });
  const root = { ...spec.root, path: 'rootfs' };
  writeVolatileState(join(folder, 'config.json'), { ...spec, root });
}
