import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import t from 'tap';
import {
  capabilitiesOf,
  capget,
  kernelCapabilities,
  processCapabilities,
  type CapabilityName,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { withoutRoot } from '../skip.ts';
import { inWorker } from './in-worker.ts';

const libc = koffi.load('libc.so.6');

const mask = (low: number, high = 0) => (BigInt(high) << 32n) | BigInt(low);

t.test('capget agrees with libc called directly', async (t) => {
  const call = libc.func('int capget(void *header, _Out_ uint32_t *data)');
  const data = new Uint32Array(6);
  t.equal(call(new Uint32Array([0x20080522, 0]), data), 0);
  const [effective = 0, permitted = 0, inheritable = 0, ...high] = data;
  t.same(capget(process.pid), {
    effective: capabilitiesOf(mask(effective, high[0])),
    permitted: capabilitiesOf(mask(permitted, high[1])),
    inheritable: capabilitiesOf(mask(inheritable, high[2])),
  });
});

t.test('all five sets of another process are read', { skip: withoutRoot }, async (t) => {
  const child = spawn('setpriv', ['--bounding-set', '-net_raw', 'sleep', '60']);
  t.teardown(() => child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  while (readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'sleep\n') {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const sets = processCapabilities(pid);
  t.notOk(sets.bounding.includes('CAP_NET_RAW'));
  t.ok(sets.bounding.includes('CAP_NET_ADMIN'));
  t.same(sets.ambient, []);
  const shown = execFileSync('/sbin/getpcaps', [String(pid)], { encoding: 'utf8' });
  t.match(shown, /cap_net_raw[a-z_,]*-e/);
  t.notOk(sets.effective.includes('CAP_NET_RAW'));
  t.same(sets.effective, capget(pid).effective);
});

t.test('a process that has ended is not found', async (t) => {
  t.match(await failureOf(() => processCapabilities(2 ** 22 + 1)), { kind: 'notFound' });
  t.match(await failureOf(() => capget(2 ** 22 + 1)), { call: 'capget', code: 'ESRCH' });
});

t.test('a thread changes its own sets and no others', { skip: withoutRoot }, async (t) => {
  const before = processCapabilities();
  const after = (await inWorker(`(k) => {
    const { permitted } = k.capget(0);
    const kept = permitted.filter((name) => name !== 'CAP_SYS_TIME');
    k.capset({ effective: ['CAP_SETPCAP', 'CAP_NET_RAW'], inheritable: ['CAP_NET_RAW'] });
    k.raiseAmbient('CAP_NET_RAW');
    k.dropBounding('CAP_SYS_BOOT');
    k.capset({ permitted: kept });
    return k.processCapabilities();
  }`)) as Record<string, CapabilityName[]>;
  t.same(after['effective'], ['CAP_SETPCAP', 'CAP_NET_RAW'].toSorted(byNumber));
  t.same(after['ambient'], ['CAP_NET_RAW']);
  t.notOk(after['bounding']?.includes('CAP_SYS_BOOT'));
  t.notOk(after['permitted']?.includes('CAP_SYS_TIME'));
  t.same(processCapabilities(), before);
});

t.test('what a thread may not add is refused', { skip: withoutRoot }, async (t) => {
  const answer = await inWorker(`(k) => {
    k.capset({ effective: [], permitted: [] });
    const codes = [];
    for (const call of [() => k.capset({ permitted: ['CAP_CHOWN'] }),
      () => k.raiseAmbient('CAP_CHOWN'), () => k.dropBounding('CAP_CHOWN')]) {
      try { call(); } catch (error) { codes.push(error.call + ' ' + error.code); }
    }
    k.lowerAmbient();
    return codes;
  }`);
  t.same(answer, ['capset EPERM', 'prctl EPERM', 'prctl EPERM']);
});

t.test('the kernel has no more capabilities than the table', async (t) => {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
  t.equal(kernelCapabilities().length, last + 1);
});

function byNumber(a: string, b: string): number {
  const all: readonly string[] = kernelCapabilities();
  return all.indexOf(a) - all.indexOf(b);
}
