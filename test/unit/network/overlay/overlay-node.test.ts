import t from 'tap';
import type { Stored } from '../../../../src/api/client/client.ts';
import type { Node } from '../../../../src/api/types/generated/core-v1.ts';
import { overlayNodeOf, parseNodeFile } from '../../../../src/network/overlay/overlay-node.ts';

const metadata = { name: 'host01', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

t.test('a node is its internal addresses and its ranges', async (t) => {
  const node = {
    metadata,
    spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd44:0::/64'] },
    status: {
      addresses: [
        { type: 'Hostname', address: 'host01' },
        { type: 'ExternalIP', address: '203.0.113.1' },
        { type: 'InternalIP', address: '192.168.61.11' },
        { type: 'InternalIP', address: 'FD61:0::11' },
      ],
    },
  } as Stored<Node>;
  t.same(overlayNodeOf(node), {
    name: 'host01',
    addresses: ['192.168.61.11', 'fd61::11'],
    ranges: ['10.244.1.0/24', 'fd44::/64'],
  });
});

t.test('a node that has nothing yet is a node', async (t) => {
  t.same(overlayNodeOf({ metadata } as Stored<Node>), {
    name: 'host01',
    addresses: [],
    ranges: [],
  });
  const old = { metadata, spec: { podCIDR: '10.244.1.0/24' } } as Stored<Node>;
  t.same(overlayNodeOf(old).ranges, ['10.244.1.0/24']);
});

t.test('what is no address is left out', async (t) => {
  const spec = { podCIDRs: ['10.244.1.0/33', 'x', '10.244.1.7/24'] };
  const status = { addresses: [{ type: 'InternalIP', address: 'host01' }] };
  t.same(overlayNodeOf({ metadata, spec, status }), {
    name: 'host01',
    addresses: [],
    ranges: ['10.244.1.0/24'],
  });
});

t.test('a file of nodes is YAML or JSON', async (t) => {
  const wanted = [{ name: 'a', addresses: ['10.0.0.1'], ranges: ['10.244.1.0/24'] }];
  t.same(parseNodeFile(JSON.stringify({ nodes: wanted })), wanted);
  const text = 'nodes:\n- name: a\n  addresses: [10.0.0.1]\n  ranges: ["10.244.1.0/24"]\n';
  t.same(parseNodeFile(text), wanted);
  t.same(parseNodeFile('nodes: []'), []);
});

function entry(more: object): string {
  return JSON.stringify({ nodes: [{ name: 'a', addresses: ['10.0.0.1'], ranges: [], ...more }] });
}

t.test('what is wrong in a file of nodes is named', async (t) => {
  const twice = { name: 'a', addresses: [], ranges: [] };
  const cases = [
    ['{', /not YAML/],
    ['- a', /no list "nodes"/],
    ['nodes: 7', /no list "nodes"/],
    ['nodes: [7]', /entry 0 has no name/],
    ['nodes: [{name: ""}]', /entry 0 has no name/],
    ['nodes: [{name: a}]', /"a" has no list "addresses"/],
    [entry({ addresses: ['10.0.0'] }), /"a": addresses/],
    [entry({ ranges: ['10.0.0.0/40'] }), /"a": ranges/],
    [entry({ ranges: 'x' }), /"a" has no list "ranges"/],
    [JSON.stringify({ nodes: [twice, twice] }), /"a" stands in it twice/],
  ] as const;
  for (const [text, message] of cases) t.throws(() => parseNodeFile(text), { message }, text);
});
