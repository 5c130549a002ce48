import t from 'tap';
import { parseNetwork, parsePlugin, pluginInput } from '../../../src/cni/configuration.ts';

const network = (fields: object) => JSON.stringify({ cniVersion: '1.0.0', name: 'net', ...fields });
const bridge = { type: 'bridge', bridge: 'cni0', unknownKey: { kept: true } };

t.test('a list keeps its plugins in order, with keys that nobody knows', async (t) => {
  const parsed = parseNetwork(network({ plugins: [bridge, { type: 'portmap' }] }));
  t.same(
    parsed.plugins.map(({ type }) => type),
    ['bridge', 'portmap'],
  );
  t.same(parsed.plugins[0]?.document, bridge);
  t.equal(parsed.specVersion, '1.0.0');
});

t.test('a file with one plugin alone is a network of one plugin', async (t) => {
  const parsed = parseNetwork(network(bridge));
  t.equal(parsed.plugins.length, 1);
  t.equal(parsed.loadOnlyInlinedPlugins, true);
});

t.test(
  'without cniVersion it is 0.1.0, and the newest version of cniVersions counts',
  async (t) => {
    t.equal(parseNetwork('{"name":"a","type":"bridge"}').specVersion, '0.1.0');
    const offered = network({ cniVersions: ['0.4.0', '1.1.0', '9.0.0'], plugins: [bridge] });
    t.equal(parseNetwork(offered).specVersion, '1.1.0');
  },
);

t.test('booleans may be written as strings, as libcni takes them', async (t) => {
  const parsed = parseNetwork(
    network({ disableCheck: 'true', disableGC: true, plugins: [bridge] }),
  );
  t.equal(parsed.disableCheck, true);
  t.equal(parsed.disableGarbageCollection, true);
});

t.test('bad configurations are refused with the field that is wrong', async (t) => {
  const bad: [string, RegExp, number][] = [
    ['{', /Cannot parse/, 6],
    ['[]', /not an object/, 6],
    [network({ name: '', plugins: [bridge] }), /"name".* missing/, 7],
    [network({ name: '../x', plugins: [bridge] }), /"name".*not allowed/, 7],
    [network({ plugins: [{}] }), /"type".* missing/, 7],
    [network({ plugins: [{ type: '../../bin/sh' }] }), /"type".* not a name/, 7],
    [network({ plugins: [{ type: '..' }] }), /"type".* not a name/, 7],
    [network({ plugins: [1] }), /"plugins".* not a list of objects/, 7],
    [network({ plugins: Array.from({ length: 65 }, () => bridge) }), /over 64/, 7],
    [network({ plugins: [], loadOnlyInlinedPlugins: true }), /empty/, 7],
    [network({ cniVersion: '7.0.0', plugins: [bridge] }), /Incompatible/, 1],
    [network({ disableCheck: 'maybe', plugins: [bridge] }), /not a boolean/, 7],
  ];
  for (const [text, message, code] of bad) t.throws(() => parseNetwork(text), { message, code });
});

t.test('a plugin gets its own keys and the capability arguments that it declares', async (t) => {
  const plugin = parsePlugin({
    type: 'portmap',
    snat: true,
    capabilities: { portMappings: true, bandwidth: false },
    prevResult: 'stale',
  });
  const input = pluginInput({ name: 'net', specVersion: '1.0.0' }, plugin, {
    capabilityArguments: { portMappings: [{ hostPort: 80 }], bandwidth: { ingressRate: 1 } },
    previousResult: { ips: [] },
  });
  t.same(input, {
    type: 'portmap',
    snat: true,
    name: 'net',
    cniVersion: '1.0.0',
    runtimeConfig: { portMappings: [{ hostPort: 80 }] },
    prevResult: { ips: [] },
  });
});

t.test('the first plugin gets no prevResult and no empty runtimeConfig', async (t) => {
  const input = pluginInput({ name: 'net', specVersion: '1.0.0' }, parsePlugin(bridge), {});
  t.same(Object.keys(input).toSorted(), ['bridge', 'cniVersion', 'name', 'type', 'unknownKey']);
});
