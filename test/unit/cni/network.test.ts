import { join } from 'node:path';
import t from 'tap';
import { parseNetwork } from '../../../src/cni/configuration.ts';
import { CniError } from '../../../src/cni/cni-error.ts';
import type { Invocation, Invoke } from '../../../src/cni/invocation.ts';
import { Network } from '../../../src/cni/network.ts';
import { ResultCache } from '../../../src/cni/result-cache.ts';

const attachment = { containerId: 'c1', interfaceName: 'eth0', netns: '/run/netns/c1' };

function networkOf(
  t: { testdir(): string },
  options: { version: string; invoke?: Invoke; fields?: object },
) {
  const calls: Invocation[] = [];
  const invoke: Invoke = async (invocation, signal) => {
    calls.push(invocation);
    if (options.invoke !== undefined) return await options.invoke(invocation, signal);
    if (invocation.verb !== 'ADD') return undefined;
    return { cniVersion: options.version, ips: [{ address: `10.0.0.${calls.length}/8` }] };
  };
  const configuration = parseNetwork(
    JSON.stringify({
      cniVersion: options.version,
      name: 'net',
      plugins: [{ type: 'one' }, { type: 'two' }],
      ...options.fields,
    }),
  );
  const cache = new ResultCache(join(t.testdir(), 'cache'));
  return { network: new Network(configuration, { invoke, cache }), calls };
}

const failsAtTwo: Invoke = async ({ type }) => {
  if (type === 'two') throw new CniError(100, 'no');
  return { ips: [] };
};

const verbsOf = (calls: readonly Invocation[]) => calls.map(({ verb, type }) => `${verb} ${type}`);

t.test(
  'ADD goes forward with the result handed on, DEL backward with the last result',
  async (t) => {
    const { network, calls } = networkOf(t, { version: '1.0.0' });
    const result = await network.add(attachment);
    t.same(result.addresses, [{ address: '10.0.0.2/8' }]);
    t.notOk('prevResult' in (calls[0]?.input ?? {}));
    t.match(calls[1]?.input, { prevResult: { ips: [{ address: '10.0.0.1/8' }] } });
    t.same(network.cachedResult(attachment), result);
    await network.delete(attachment);
    t.same(verbsOf(calls), ['ADD one', 'ADD two', 'DEL two', 'DEL one']);
    t.match(calls[2]?.input, { prevResult: { ips: [{ address: '10.0.0.2/8' }] } });
    t.equal(network.cachedResult(attachment), undefined);
  },
);

t.test('DEL before 0.4.0 gets no prevResult', async (t) => {
  const { network, calls } = networkOf(t, { version: '0.3.1' });
  await network.add(attachment);
  await network.delete(attachment);
  t.notOk('prevResult' in (calls[2]?.input ?? {}));
});

t.test('a failing DEL still calls the others, fails, and can be repeated', async (t) => {
  let broken = true;
  const invoke: Invoke = async ({ verb, type }) => {
    if (verb === 'ADD') return { ips: [] };
    if (broken && type === 'two') throw new CniError(11, 'try again later');
    return undefined;
  };
  const { network, calls } = networkOf(t, { version: '1.0.0', invoke });
  await network.add(attachment);
  await t.rejects(network.delete(attachment), { code: 11 });
  t.same(verbsOf(calls).slice(2), ['DEL two', 'DEL one']);
  broken = false;
  await network.delete(attachment);
  t.match(calls.at(-1)?.input, { prevResult: {} }, 'the cached result was kept for the retry');
});

t.test('a failing ADD leaves no cached result', async (t) => {
  const { network } = networkOf(t, { version: '1.0.0', invoke: failsAtTwo });
  await t.rejects(network.add(attachment), { code: 100 });
  t.equal(network.cachedResult(attachment), undefined);
});

t.test('CHECK needs 0.4.0, a cached result, and a network that allows it', async (t) => {
  await t.rejects(networkOf(t, { version: '0.3.1' }).network.check(attachment), { code: 1 });
  const { network, calls } = networkOf(t, { version: '0.4.0' });
  await t.rejects(network.check(attachment), { code: 3 });
  await network.add(attachment);
  await network.check(attachment);
  t.same(verbsOf(calls).slice(2), ['CHECK one', 'CHECK two']);
  const disabled = networkOf(t, { version: '1.0.0', fields: { disableCheck: true } });
  await disabled.network.check(attachment);
  t.same(disabled.calls, []);
});

t.test('STATUS and GC are asked of networks from 1.1.0 on', async (t) => {
  const old = networkOf(t, { version: '1.0.0' });
  await old.network.status();
  await old.network.collectGarbage([]);
  t.same(old.calls, []);
  const { network, calls } = networkOf(t, { version: '1.1.0' });
  await network.status();
  await network.collectGarbage([attachment]);
  t.same(verbsOf(calls), ['STATUS one', 'STATUS two', 'GC one', 'GC two']);
  t.match(calls[2]?.input, {
    'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }],
  });
});

t.test('GC deletes cached attachments that are not valid, without their namespace', async (t) => {
  const { network, calls } = networkOf(t, { version: '1.0.0' });
  await network.add(attachment);
  await network.add({ ...attachment, containerId: 'c2' });
  await network.collectGarbage([{ containerId: 'c2', interfaceName: 'eth0' }]);
  t.same(verbsOf(calls).slice(4), ['DEL two', 'DEL one']);
  t.match(calls[4]?.environment, { CNI_CONTAINERID: 'c1', CNI_NETNS: '' });
});

t.test('a plugin that answers ADD with nothing is an error', async (t) => {
  const { network } = networkOf(t, { version: '1.0.0', invoke: async () => undefined });
  await t.rejects(network.add(attachment), /answered ADD with nothing/);
});
