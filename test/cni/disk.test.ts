/** What an ADD and a DEL leave when leases cannot be written, and what a reboot leaves of them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { skip, World } from './differential.ts';

t.setTimeout(300_000);

const ipam = { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/16' }]] };
const config = { cniVersion: '1.1.0', name: 'net', type: 'bridge', bridge: 'kd0', ipam };

/** Our world, with a small disk of its own for leases. */
function worldOf(t: Test, options: string): Disposable & { world: World; leases: string } {
  t.testdir({});
  const world = new World(t, 'ours');
  const leases = `${world.folder}/leases`;
  mkdirSync(leases);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', leases]);
  return { world, leases, [Symbol.dispose]: () => execFileSync('umount', ['-l', leases]) };
}

/** Beside them lie those that were just released, and rest. */
function addressesIn(leases: string): string[] {
  if (!existsSync(`${leases}/net`)) return [];
  return readdirSync(`${leases}/net`).filter((name) => name.startsWith('10.88.'));
}

const linksOf = (world: World): string[] =>
  world.snapshot().container.links.map(({ ifname }) => String(ifname));

function refused(t: Test, world: World, words: RegExp): void {
  const { exitCode, document } = world.call({ verb: 'ADD', config });
  t.not(exitCode, 0);
  t.match(document, { cniVersion: '1.1.0', code: Number });
  t.match(JSON.stringify(document), words);
  t.same(linksOf(world), ['lo'], 'the container has no interface');
  t.notMatch(world.ip('-o', 'link'), /veth/, 'nor the host its end of one');
}

t.test('a full disk refuses an ADD, which leaves nothing', { skip }, async (t) => {
  using place = worldOf(t, 'size=64k');
  const { world, leases } = place;
  try {
    for (let count = 0; ; count += 1) writeFileSync(`${leases}/filler${count}`, 'x'.repeat(4096));
  } catch {
    // It is full.
  }
  refused(t, world, /ENOSPC|no space/i);
  t.same(addressesIn(leases), []);
  for (const name of readdirSync(leases)) {
    if (name.startsWith('filler')) rmSync(`${leases}/${name}`);
  }
  t.equal(world.call({ verb: 'ADD', config }).exitCode, 0, 'with room again it is done');
  t.equal(addressesIn(leases).length, 1);
  t.equal(world.call({ verb: 'DEL', config }).exitCode, 0);
  t.same(addressesIn(leases), []);
});

t.test('read-only leases refuse an ADD; a DEL can be tried again', { skip }, async (t) => {
  using place = worldOf(t, 'size=1m');
  const { world, leases } = place;
  const remount = (how: string) => execFileSync('mount', ['-o', `remount,${how}`, leases]);
  remount('ro');
  refused(t, world, /EROFS|read-only/i);
  remount('rw');
  t.equal(world.call({ verb: 'ADD', config }).exitCode, 0);
  remount('ro');
  t.not(world.call({ verb: 'DEL', config }).exitCode, 0, 'an address that stays taken is told');
  t.equal(addressesIn(leases).length, 1);
  remount('rw');
  t.equal(world.call({ verb: 'DEL', config }).exitCode, 0);
  t.same(addressesIn(leases), []);
  t.same(linksOf(world), ['lo']);
});

t.test('leases that a reboot has left go with GC, those in use stay', { skip }, async (t) => {
  using place = worldOf(t, 'size=1m');
  const { world, leases } = place;
  t.equal(world.call({ verb: 'ADD', config }).exitCode, 0);
  const environment = {
    CNI_CONTAINERID: 'container-2',
    CNI_NETNS: `/run/netns/${world.addContainer(t)}`,
  };
  t.equal(world.call({ verb: 'ADD', config, environment }).exitCode, 0);
  t.equal(addressesIn(leases).length, 2);
  // What a boot takes: the journal, and every link.
  rmSync(`${world.folder}/cni`, { recursive: true, force: true });
  world.ip('link', 'delete', 'kd0');
  const valid = [{ containerID: 'container-2', ifname: 'eth0' }];
  const gc = { ...config, 'cni.dev/valid-attachments': valid };
  t.equal(world.call({ verb: 'GC', config: gc }).exitCode, 0);
  t.same(addressesIn(leases), ['10.88.0.3']);
});
