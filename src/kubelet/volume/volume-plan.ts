import type { Volume } from '../../api/types/generated/core-v1.ts';

/** How one volume of a pod is made. `folder` is its place below the pod's. */
export type VolumePlan = { readonly volume: Volume; readonly name: string } & (
  | { readonly kind: 'empty'; readonly folder: string; readonly memoryBytes: number | undefined }
  | { readonly kind: 'files'; readonly folder: string; readonly inMemory: boolean }
  | { readonly kind: 'hostPath'; readonly path: string; readonly type: string }
  /** The runtime mounts it: there is nothing to make. */
  | { readonly kind: 'image' }
  | {
      readonly kind: 'claim';
      readonly claim: string;
      readonly readOnly: boolean;
      /** The claim has to be the pod's own. */
      readonly isOwn: boolean;
    }
);
