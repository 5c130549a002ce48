import type { Ingress, IngressClass } from './types/generated/networking-v1.ts';

/** The class that a cluster has from its start, and who serves classes of its kind. */
export const ownIngressClass = { name: 'keelson', controller: 'keelson.io/ingress' } as const;

export const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';
/** How Ingresses named their class before there was a field. */
const classAnnotation = 'kubernetes.io/ingress.class';

/** Whether a class is one of ours, whatever it is called. */
export function isOwnClass({ spec }: Pick<IngressClass, 'spec'>): boolean {
  return spec.controller === ownIngressClass.controller;
}

/**
 * Whether we serve an Ingress: it names a class of ours, by its field or by the annotation of old,
 * or it names none and the default class is ours. Of several defaults the newest counts.
 */
export function isServed(
  { metadata, spec }: Pick<Ingress, 'metadata' | 'spec'>,
  classes: readonly Pick<IngressClass, 'metadata' | 'spec'>[],
): boolean {
  const named = metadata.annotations?.[classAnnotation] ?? spec.ingressClassName ?? '';
  const found =
    named === '' ? defaultClass(classes) : classes.find((one) => one.metadata.name === named);
  return found !== undefined && isOwnClass(found);
}

/** The class of whoever names none; undefined when no class is the default. */
export function defaultClass<Class extends Pick<IngressClass, 'metadata'>>(
  classes: readonly Class[],
): Class | undefined {
  return classes
    .filter(({ metadata }) => metadata.annotations?.[defaultClassAnnotation] === 'true')
    .toSorted(byNewest)[0];
}

function byNewest(one: Pick<IngressClass, 'metadata'>, other: Pick<IngressClass, 'metadata'>) {
  const [left, right] = [
    one.metadata.creationTimestamp ?? '',
    other.metadata.creationTimestamp ?? '',
  ];
  if (left !== right) return left < right ? 1 : -1;
  return (one.metadata.name ?? '') < (other.metadata.name ?? '') ? -1 : 1;
}

/** Whether an Ingress asks for a class in any way. */
export function namesClass({ metadata, spec }: Pick<Ingress, 'metadata' | 'spec'>): boolean {
  return (metadata.annotations?.[classAnnotation] ?? spec.ingressClassName) !== undefined;
}
