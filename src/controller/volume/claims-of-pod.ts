import type { Pod } from '../stored.ts';

/** The claims that a pod uses, as `namespace/name`, those made for it alone included. */
export function claimsOfPod({ metadata, spec }: Pod): readonly string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claim =
      ephemeral === undefined ? persistentVolumeClaim?.claimName : `${metadata.name}-${name}`;
    return claim === undefined ? [] : [`${metadata.namespace}/${claim}`];
  });
}
