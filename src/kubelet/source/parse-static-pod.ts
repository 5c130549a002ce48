import { parse } from 'yaml';
import { decodeJson } from '../../api/decode-json.ts';
import { applyDefaults } from '../../api/default/apply-defaults.ts';
import { copyOf, type Draft, isObject, type Json, objectIn, textOf } from '../../api/json.ts';
import { resources } from '../../api/client/resources.ts';
import { messageType } from '../../api/schema/schema.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { faultsOf } from '../../api/validate/validate.ts';
import { DomainError } from '../../base/error.ts';
import type { LivePod } from '../pod/live-pod.ts';
import { annotation } from '../runtime/record.ts';

export interface StaticPlace {
  readonly nodeName: string;
  /** Of the file and all that is in it: another content is another pod. */
  readonly hash: string;
}

/**
 * The pod in a file, filled in as the server would. Throws DomainError `invalid` for what is none,
 * or asks for what only the server has.
 */
export function parseStaticPod(text: string, { nodeName, hash }: StaticPlace): LivePod {
  const { kind } = resources.pods;
  const type = messageType(kind.type);
  const document = parse(text, { maxAliasCount: 100 }) as Json;
  if (!isObject(document) || document['kind'] !== 'Pod' || document['apiVersion'] !== 'v1') {
    throw invalid('not a Pod of v1');
  }
  const { value, unknown } = decodeJson(type, document);
  const [first] = unknown;
  if (first !== undefined) throw invalid(`unknown field "${first.path}"`);
  const given = objectIn(value, 'metadata');
  const name = `${textOf(given['name'])}-${nodeName.toLowerCase()}`;
  const uid = textOf(given['uid']) || uuidOf(hash);
  const pod: Draft = {
    ...copyOf(value),
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...given,
      name,
      namespace: textOf(given['namespace']) || 'default',
      annotations: {
        ...objectIn(given, 'annotations'),
        [annotation.source]: 'file',
        [annotation.configHash]: hash.slice(0, 32),
      },
    },
  };
  applyDefaults(type, pod);
  const faults = faultsOf(kind, pod);
  if (faults.length > 0) {
    throw invalid(faults.map(({ path, words }) => `${path}: ${words}`).join('; '));
  }
  return place(pod as unknown as Pod, { nodeName, uid });
}

function place(pod: Pod, { nodeName, uid }: { nodeName: string; uid: string }): LivePod {
  const { spec, metadata } = pod;
  if (spec.volumes?.some(({ secret, configMap, projected }) => secret ?? configMap ?? projected)) {
    throw invalid('a static pod may not have volumes of objects of the API');
  }
  return {
    ...pod,
    metadata: {
      ...metadata,
      name: metadata.name ?? '',
      uid,
      resourceVersion: '0',
      creationTimestamp: '',
    },
    spec: {
      ...spec,
      nodeName,
      // No taint of the node drives it away.
      tolerations: [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
    },
  };
}

/** In the form that is unique and looks so. */
function uuidOf(hash: string): string {
  const cuts = [8, 12, 16, 20].map((end, index) => hash.slice([0, 8, 12, 16][index], end));
  return [...cuts, hash.slice(20, 32)].join('-');
}

function invalid(words: string): DomainError {
  return new DomainError('invalid', words);
}
