import type { Stored } from '../../api/client/client.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';

/** A pod as its source has it: from the server, or made of a file and as complete. */
export type LivePod = Stored<Pod>;

export function isStatic({ metadata }: Pod): boolean {
  const source = metadata.annotations?.['kubernetes.io/config.source'];
  return source !== undefined && source !== 'api';
}

/** Told by the server for a static pod that runs here. */
export function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}
