/** The pages of `vagrant/exercises` about one machine, typed as they stand, and compared. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { hasPlugins, makeHosts } from './book/hosts.ts';
import { missing, Reader } from './book/reader.ts';
import { mismatches, parsePage, scriptOf } from './exercise.ts';

const skip =
  missing(
    'ip',
    'iptables',
    'ping',
    'jq',
    'unshare',
    'lsns',
    'brctl',
    'tcpdump',
    'iperf3',
    'curl',
    'docker-registry',
  ) ?? (hasPlugins ? undefined : 'needs CNI plugins');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(900_000);
const hosts = makeHosts();
t.teardown(() => hosts[Symbol.dispose]());
const reader = await Reader.start({ flags: hosts.flags }, hosts.host01);
t.teardown(() => reader[Symbol.asyncDispose]());
await reader.makeImage('busybox', { 'etc/group': 'root:x:0:\n' });

for (const page of ['02-isolation', '02-pods', '04-network', '05-images']) {
  const skip = page === '02-pods' && (missing('crictl') ?? false);
  t.test(`vagrant/exercises/${page}.md`, { skip }, async (t) => {
    const path = new URL(`../../vagrant/exercises/${page}.md`, import.meta.url);
    const steps = parsePage(readFileSync(path, 'utf8'));
    t.ok(steps.length > 10, 'the page has steps');
    const { output } = await reader.type(scriptOf(steps));
    for (const { step, shown } of mismatches(steps, output)) {
      t.fail(`line ${step.line}: ${step.command}`, { expected: step.expected, shown });
    }
    t.same(await reader.runtime.leftovers(), [], 'nothing is left');
  });
}
