import type { ObjectMeta } from '../types/generated/meta-v1.ts';
import { findKind } from '../kinds.ts';
import type { Resource } from './resources.ts';

/** What a pod's containers use, of `metrics.k8s.io/v1beta1`. */
export type PodMetrics = {
  readonly metadata: ObjectMeta;
  readonly timestamp: string;
  /** `15s` */
  readonly window: string;
  readonly containers: readonly {
    readonly name: string;
    readonly usage: Readonly<Record<string, string>>;
  }[];
};

/** Can be listed, and nothing else: it is measured when somebody asks. */
export function podMetrics(): Resource<PodMetrics> {
  const kind = findKind('metrics.k8s.io/v1beta1', 'PodMetrics');
  if (kind === undefined) throw new Error('no kind PodMetrics');
  return { kind };
}
