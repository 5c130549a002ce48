import { type Json, isObject } from '../../../src/api/json.ts';
import { findKind } from '../../../src/api/kinds.ts';
import { ApiError } from '../../../src/api/status.ts';
import { parseJson } from '../../../src/apiserver/read-body.ts';
import { applyPatch, type PatchType } from '../../../src/apiserver/verb/patch.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const types: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const pod = {
  metadata: { name: 'web', labels: { a: 'b' }, finalizers: ['x', 'y'] },
  spec: {
    containers: [
      { name: 'a', image: 'x', env: [{ name: 'A', value: '1' }] },
      { name: 'b', image: 'x' },
    ],
    tolerations: [{ key: 'k' }],
  },
};
const whole = JSON.stringify(pod);

/** Patches of each kind over a pod: an object comes of it, and the old one stays as it was. */
export const target: FuzzTarget = {
  json: true,
  run(input) {
    const kind = findKind('v1', 'Pod');
    if (kind === undefined) return;
    for (const type of types) {
      try {
        const document: Json = parseJson(input.toString());
        hold(isObject(applyPatch(kind, pod, { type, document }).value), 'a patch makes an object');
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        hold(error.code < 500, error.message);
      }
      hold(JSON.stringify(pod) === whole, 'the old object stays as it was');
    }
    hold(!('polluted' in {}), 'no prototype is changed');
  },
  seeds: [
    [
      { op: 'replace', path: '/metadata/labels/a', value: 'c' },
      { op: 'test', path: '/spec', value: 1 },
    ],
    [
      { op: 'move', from: '/spec/containers/0', path: '/spec/containers/-' },
      { op: 'remove', path: '/metadata/labels' },
    ],
    { metadata: { labels: { a: null, c: 'd' } } },
    {
      spec: {
        containers: [{ name: 'a', image: 'y', env: [{ name: 'A', $patch: 'delete' }] }],
        '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      },
    },
    {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['x'], finalizers: ['z'] },
      $retainKeys: ['spec'],
    },
  ].map((patch) => JSON.stringify(patch)),
  words: ['$patch', '"replace"', '$retainKeys', '__proto__', 'constructor', '~1', '~0', 'polluted'],
};
