import { defaultClass, namesClass } from '../../api/ingress-class.ts';
import type { Draft } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import type { Ingress, IngressClass } from '../../api/types/generated/networking-v1.ts';
import type { Api } from '../api.ts';

/** An Ingress that names no class gets the cluster's default: of several, the newest. */
export async function fillIngressClass({ registry }: Api, ingress: Draft): Promise<void> {
  if (namesClass(ingress as unknown as Ingress)) return;
  const kind = findKind('networking.k8s.io/v1', 'IngressClass');
  if (kind === undefined) return;
  const found = defaultClass((await registry.all(kind, '')) as unknown as IngressClass[]);
  const name = found?.metadata.name;
  if (name !== undefined) (ingress['spec'] as Draft)['ingressClassName'] = name;
}
