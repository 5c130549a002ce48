import { DomainError } from '../../base/error.ts';
import { operation } from '../../kernel/operation.ts';
import type { MountOptions } from '../mount-option.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { relativeLayers } from './plan-root.ts';
import type { Mount } from '../spec.ts';

/**
 * A mount of type `overlay`, from `lowerdir=A:B` with the topmost first, and `upperdir` with
 * `workdir` or neither. Made where the host's paths are what they are, as a bind mount's copy is.
 * `idmap` gives the files the owners that the container's user namespace has.
 */
export function planOverlay(
  builder: PlanBuilder,
  { mount, options, slot, userSlot }: OverlayPlan,
): void {
  const values = new Map(options.data);
  const lower = values.get('lowerdir') ?? '';
  const upper = values.get('upperdir') ?? '';
  const work = values.get('workdir') ?? '';
  for (const key of values.keys()) {
    if (!['lowerdir', 'upperdir', 'workdir'].includes(key)) {
      throw new DomainError('unsupported', `Option "${key}" of overlay "${mount.destination}"`);
    }
  }
  const layers = splitLayers(lower);
  for (const path of [...layers, ...[upper, work].filter((path) => path !== '')]) {
    if (path.startsWith('/')) continue;
    throw new DomainError('invalid', `Overlay "${mount.destination}": "${path}" is not absolute`);
  }
  if ((upper === '') !== (work === '') || layers.length < (upper === '' ? 2 : 1)) {
    const words = 'needs upperdir and workdir, or at least two lowerdirs';
    throw new DomainError('invalid', `Overlay "${mount.destination}" ${words}`);
  }
  const mapped = options.idmap !== 'none' && userSlot !== undefined;
  const { folder, names } = relativeLayers(layers);
  const mapping = mapped ? { userNamespaceSlot: userSlot } : {};
  builder.add(operation.overlay(slot, { folder, layers: names, upper, work, ...mapping }));
}

interface OverlayPlan {
  readonly mount: Mount;
  readonly options: MountOptions;
  readonly slot: number;
  readonly userSlot: number | undefined;
}

/** Colons divide; one that belongs to a name has a backslash in front, as the kernel has it. */
function splitLayers(text: string): string[] {
  if (text === '') return [];
  return (text.match(/(?:\\.|[^:\\])+/g) ?? []).map((name) => name.replace(/\\(.)/g, '$1'));
}

/** The inverse, for who writes such an option. */
export function joinLayers(layers: readonly string[]): string {
  return layers.map((layer) => layer.replace(/[\\:]/g, String.raw`\$&`)).join(':');
}
