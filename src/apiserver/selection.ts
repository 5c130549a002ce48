import { isObject, type JsonObject, objectIn, textOf } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import {
  type FieldRequirement,
  matchesFields,
  parseFieldSelector,
} from '../api/selector/field-selector.ts';
import {
  type Labels,
  type LabelSelector,
  matchesLabels,
  parseLabelSelector,
} from '../api/selector/label-selector.ts';
import { badRequest } from '../api/status.ts';
import { isDomainError } from '../base/error.ts';
import { metadataOf } from './object-text.ts';

/** Which objects of a kind a list or watch is about. */
export interface Selection {
  readonly labels: LabelSelector;
  readonly fields: readonly FieldRequirement[];
  /** Nothing is asked for: objects need not be looked at. */
  readonly all: boolean;
}

/** Fields that objects of a kind are selected by, besides name and namespace. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  Node: ['spec.unschedulable'],
  Service: ['spec.clusterIP', 'spec.type'],
  Secret: ['type'],
  Namespace: ['status.phase', 'name'],
  Event: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  ReplicationController: ['status.replicas'],
  ReplicaSet: ['status.replicas'],
  Job: ['status.successful'],
  CertificateSigningRequest: ['spec.signerName'],
};

/** Absent is this where it is not the empty text. */
const absent: Readonly<Record<string, string>> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
};

export function readSelection(kind: Kind, query: URLSearchParams): Selection {
  try {
    const labels = parseLabelSelector(query.get('labelSelector') ?? '');
    const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
    for (const { field } of fields) checkField(kind, field);
    return { labels, fields, all: labels.length === 0 && fields.length === 0 };
  } catch (error) {
    if (isDomainError(error, 'invalid')) throw badRequest(error.message);
    throw error;
  }
}

export function isSelected({ labels, fields, all }: Selection, object: JsonObject): boolean {
  if (all) return true;
  const own = objectIn(metadataOf(object), 'labels') as Labels;
  return matchesLabels(labels, own) && matchesFields(fields, (field) => fieldText(object, field));
}

function checkField(kind: Kind, field: string): void {
  const known = field === 'metadata.name' || (kind.namespaced && field === 'metadata.namespace');
  const fields = kind.custom?.selectable ?? selectable[kind.builtIn];
  if (known || fields?.includes(field) === true) return;
  throw badRequest(`field label not supported: ${field}`);
}

function fieldText(object: JsonObject, field: string): string {
  if (field === 'name') return textOf(metadataOf(object)['name']);
  if (field === 'source') return textOf(objectIn(object, 'source')['component']);
  const value = field
    .split('.')
    .reduce<JsonObject[string]>((at, part) => (isObject(at) ? at[part] : undefined), object);
  if (value === undefined || value === null) return absent[field] ?? '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
