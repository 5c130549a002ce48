import t from 'tap';
import { answer } from '../../../src/cni/answer.ts';
import { CniError } from '../../../src/cni/cni-error.ts';
import type { CniPlugin, PluginRequest } from '../../../src/cni/plugin.ts';
import { specVersions } from '../../../src/cni/spec-version.ts';

const noDns = { nameservers: [], search: [], options: [] };

/** A plugin that keeps what it was called with. */
function recorder(failure?: Error): { plugin: CniPlugin; calls: PluginRequest[] } {
  const calls: PluginRequest[] = [];
  const record = async (request: PluginRequest) => {
    calls.push(request);
    if (failure !== undefined) throw failure;
  };
  const plugin: CniPlugin = {
    type: 'recorder',
    specVersions,
    async add(request) {
      await record(request);
      return { interfaces: [], addresses: [{ address: '10.0.0.2/8' }], routes: [], dns: noDns };
    },
    delete: record,
    check: record,
    status: record,
    collectGarbage: record,
  };
  return { plugin, calls };
}

const environment = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/run/netns/absent',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin:/usr/lib/cni',
  CNI_ARGS: 'IgnoreUnknown=1;IP=10.0.0.9',
};

async function call(plugin: CniPlugin, changes: object = {}, config: unknown = {}) {
  const input =
    typeof config === 'string'
      ? config
      : JSON.stringify({ cniVersion: '1.1.0', name: 'n', ...Object(config) });
  return await answer(plugin, {
    environment: { ...environment, ...changes },
    invoke: () => () => Promise.reject(new Error('no delegate')),
    readInput: async () => input,
    signal: AbortSignal.timeout(5000),
  });
}

t.test('ADD hands on environment and stdin, and prints the result in its version', async (t) => {
  const { plugin, calls } = recorder();
  const { exitCode, stdout } = await call(plugin, {}, { cniVersion: '0.4.0', type: 'recorder' });
  t.equal(exitCode, 0);
  t.match(JSON.parse(stdout), {
    cniVersion: '0.4.0',
    ips: [{ version: '4', address: '10.0.0.2/8' }],
  });
  t.match(calls[0], {
    containerId: 'c1',
    interfaceName: 'eth0',
    path: ['/opt/cni/bin', '/usr/lib/cni'],
    networkName: 'n',
  });
  t.equal(calls[0]?.args.get('IP'), '10.0.0.9');
});

t.test('the other verbs print nothing', async (t) => {
  for (const verb of ['DEL', 'CHECK', 'STATUS', 'GC']) {
    const { plugin, calls } = recorder();
    t.match(await call(plugin, { CNI_COMMAND: verb }), { exitCode: 0, stdout: '', stderr: '' });
    t.equal(calls[0]?.verb, verb);
  }
});

t.test('VERSION lists the versions and does not read stdin', async (t) => {
  const { plugin } = recorder();
  const { stdout } = await answer(plugin, {
    environment: { CNI_COMMAND: 'VERSION' },
    invoke: () => () => Promise.reject(new Error('no delegate')),
    readInput: () => Promise.reject(new Error('stdin was read')),
    signal: AbortSignal.timeout(5000),
  });
  t.same(JSON.parse(stdout), { cniVersion: '1.1.0', supportedVersions: specVersions });
});

t.test('started by hand without CNI_COMMAND it says what it is, on stderr', async (t) => {
  const { plugin } = recorder();
  const { exitCode, stdout, stderr } = await call(plugin, { CNI_COMMAND: undefined });
  t.equal(exitCode, 0);
  t.equal(stdout, '');
  t.match(stderr, /keelson CNI recorder plugin/);
});

t.test('bad calls are answered with the code and words of the specification', async (t) => {
  const bad: [object, unknown, number, RegExp][] = [
    [{ CNI_COMMAND: 'DANCE' }, {}, 4, /unknown CNI_COMMAND: DANCE/],
    [{ CNI_CONTAINERID: '', CNI_NETNS: '' }, {}, 4, /\[CNI_CONTAINERID,CNI_NETNS\] missing/],
    [{ CNI_CONTAINERID: '../etc' }, {}, 4, /containerID/],
    [{ CNI_IFNAME: 'eth0/..' }, {}, 4, /interface name/],
    [{ CNI_IFNAME: '..' }, {}, 4, /interface name/],
    [{ CNI_IFNAME: 'a234567890123456' }, {}, 4, /interface name/],
    [{ CNI_IFNAME: 'eth 0' }, {}, 4, /interface name/],
    [{ CNI_ARGS: 'novalue' }, {}, 4, /CNI_ARGS/],
    [{ CNI_NETNS: '/proc/self/ns/net' }, {}, 8, /should not be the same/],
    [{}, '{', 6, /Cannot parse/],
    [{}, '"text"', 6, /not an object/],
    [{}, { name: '' }, 7, /"name"/],
    [{}, { name: 'a/b' }, 7, /"name"/],
    [{}, { cniVersion: '9.0.0' }, 1, /incompatible/],
    [{ CNI_COMMAND: 'CHECK' }, { cniVersion: '0.3.1' }, 1, /does not allow CHECK/],
    [{ CNI_COMMAND: 'GC' }, { cniVersion: '1.0.0' }, 1, /does not allow GC/],
    [{}, { prevResult: { ips: [{ address: 'x' }] } }, 7, /"address"/],
  ];
  for (const [changes, config, code, words] of bad) {
    const { plugin, calls } = recorder();
    const { exitCode, stdout } = await call(plugin, changes, config);
    const error = JSON.parse(stdout);
    t.equal(exitCode, 1);
    t.match(error, { code, msg: words, cniVersion: '1.1.0' }, String(words));
    t.equal(calls.length, 0);
  }
});

t.test('DEL succeeds without a namespace', async (t) => {
  const { plugin } = recorder();
  t.equal((await call(plugin, { CNI_COMMAND: 'DEL', CNI_NETNS: '' })).exitCode, 0);
});

t.test("a plugin's own error keeps its code, any other is 999", async (t) => {
  const own = await call(recorder(new CniError(11, 'busy', 'later')).plugin);
  t.match(JSON.parse(own.stdout), { code: 11, msg: 'busy', details: 'later' });
  const other = await call(recorder(new Error('oops')).plugin);
  t.match(JSON.parse(other.stdout), { code: 999, msg: 'oops' });
  t.notMatch(other.stdout, /at .*\.ts/);
});
