import type { JsonObject } from '../json.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import { readCustom } from '../custom/read-custom.ts';
import { autoscalerFromStored, autoscalerToStored } from './autoscaler.ts';
import { eventFromStored, eventToStored } from './event.ts';
import { ingressFromStored, ingressToStored } from './ingress.ts';

interface Conversion {
  toStored(object: JsonObject): JsonObject;
  fromStored(object: JsonObject): JsonObject;
}

/** Versions whose fields differ from those that are stored; all others share their type. */
const conversions: Readonly<Record<string, Conversion>> = {
  'autoscaling.v1.HorizontalPodAutoscaler': {
    toStored: autoscalerToStored,
    fromStored: autoscalerFromStored,
  },
  'events.v1.Event': { toStored: eventToStored, fromStored: eventFromStored },
  'networking.v1beta1.Ingress': { toStored: ingressToStored, fromStored: ingressFromStored },
};

/** Whether objects of this version are stored field for field. */
export function isStoredForm(kind: Kind): boolean {
  return kind.custom === undefined && conversions[kind.type] === undefined;
}

/** An object of any version as it is stored. */
export function toStored(kind: Kind, object: JsonObject): JsonObject {
  return conversions[kind.type]?.toStored(object) ?? object;
}

/** A stored object as this version has it, with its name and version. */
export function fromStored(kind: Kind, object: JsonObject): JsonObject {
  const converted =
    kind.custom === undefined
      ? (conversions[kind.type]?.fromStored(object) ?? object)
      : readCustom(kind.custom.schema, object).value;
  const { apiVersion: _version, kind: _kind, ...rest } = converted;
  return { kind: kind.kind, apiVersion: apiVersionOf(kind), ...rest };
}
