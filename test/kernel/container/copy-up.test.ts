/** tmpcopyup: a tmpfs that begins with what the image has in its place. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Mount } from '../../../src/container/spec.ts';
import { standardMounts, type SpecChange } from './bundle.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

/** A run with a tmpfs at /data, after the image's own was written. */
async function look(
  scratch: Scratch,
  [script, options]: readonly [script: string, options: readonly string[]],
  change: SpecChange = {},
): Promise<{ out: string; err: string }> {
  const mount: Mount = { destination: '/data', type: 'tmpfs', source: 'tmpfs', options };
  const { out, err } = await scratch.run(['sh', '-c', script], {
    ...change,
    mounts: [...standardMounts, ...(change.mounts ?? []), mount],
  });
  return { out, err };
}

function folder(scratch: Scratch): string {
  const path = join(scratch.bundle.root, 'data');
  mkdirSync(path);
  return path;
}

t.test('every kind of file comes along, with owner, rights and times', async (t) => {
  await using scratch = new Scratch();
  const data = folder(scratch);
  mkdirSync(join(data, 'sub/deep'), { recursive: true });
  writeFileSync(join(data, 'sub/deep/file'), 'content\n');
  writeFileSync(join(data, 'setid'), '#!/bin/sh\n');
  execFileSync('chown', ['7:8', join(data, 'setid'), join(data, 'sub')]);
  chmodSync(join(data, 'setid'), 0o6755);
  chmodSync(join(data, 'sub'), 0o1755);
  chmodSync(data, 0o711);
  execFileSync('touch', ['-d', '2001-02-03 04:05:06 UTC', join(data, 'setid'), join(data, 'sub')]);
  execFileSync('mkfifo', [join(data, 'fifo')]);
  symlinkSync('/etc/shadow', join(data, 'link'));
  const script =
    'stat -c "%n %a %u:%g %Y %F" /data /data/*; cat /data/sub/deep/file; readlink /data/link;' +
    'echo new > /data/new';
  const { out, err } = await look(scratch, [script, ['tmpcopyup', 'size=1m']]);
  t.equal(err, '');
  const seconds = Date.UTC(2001, 1, 3, 4, 5, 6) / 1000;
  t.match(out, /^\/data 711 0:0 /);
  t.match(out, `/data/setid 6755 7:8 ${seconds} regular file`);
  t.match(out, `/data/sub 1755 7:8 ${seconds} directory`);
  t.match(out, /\/data\/fifo \d+ 0:0 \d+ fifo/);
  t.match(out, /content\n\/etc\/shadow\n$/);
  t.notOk(existsSync(join(data, 'new')), 'the image has nothing new');
});

t.test('capabilities of files come along', async (t) => {
  await using scratch = new Scratch();
  const data = folder(scratch);
  writeFileSync(join(data, 'file'), '');
  execFileSync('setcap', ['cap_net_raw+ep', join(data, 'file')]);
  await scratch.engine.create(
    scratch.bundle.request('c', ['sleep', '1000'], {
      mounts: [
        ...standardMounts,
        { destination: '/data', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] },
      ],
    }),
  );
  const { pid } = await scratch.engine.start('c');
  const path = `/proc/${pid}/root/data/file`;
  t.match(execFileSync('getcap', [path], { encoding: 'utf8' }), /cap_net_raw=ep/);
});

t.test('a sparse file stays sparse, and a mount below is no file of the image', async (t) => {
  await using scratch = new Scratch();
  const data = folder(scratch);
  writeFileSync(join(data, 'sparse'), 'begin');
  truncateSync(join(data, 'sparse'), 2 ** 40);
  mkdirSync(join(data, 'mounted'));
  mkdirSync(scratch.bundle.path('outside'));
  writeFileSync(scratch.bundle.path('outside/secret'), '');
  const source = scratch.bundle.path('outside');
  const script = 'stat -c %s /data/sparse; head -c5 /data/sparse; ls -A /data/mounted';
  const { out, err } = await look(scratch, [script, ['tmpcopyup', 'size=1m']], {
    mounts: [{ destination: '/data/mounted', source, options: ['bind'] }],
  });
  t.equal(err, '');
  t.equal(out, `${2 ** 40}\nbegin\n`.replace(/\n$/, '\n'));
});

t.test('in a user namespace the owners are those inside', async (t) => {
  await using scratch = new Scratch();
  const data = folder(scratch);
  writeFileSync(join(data, 'file'), 'x');
  execFileSync('chown', ['7:8', join(data, 'file')]);
  const map = [{ containerID: 0, hostID: 300_000, size: 65_536 }];
  const kinds = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user'] as const;
  const namespaces = kinds.map((type) => ({ type }));
  const linux = { namespaces, uidMappings: map, gidMappings: map };
  const { out, err } = await look(
    scratch,
    ['stat -c %u:%g /data/file; cat /data/file', ['tmpcopyup']],
    { linux },
  );
  t.equal(err, '');
  t.equal(out, '7:8\nx\n');
});

t.test('what does not fit, or nests without end, fails create and leaves nothing', async (t) => {
  await using scratch = new Scratch();
  const data = folder(scratch);
  writeFileSync(join(data, 'large'), Buffer.alloc(300_000, 'x'));
  const full = { name: 'DomainError', message: /copy-up \/data: ENOSPC/ };
  await t.rejects(look(scratch, ['true', ['tmpcopyup', 'size=64k']]), full);
  t.same(scratch.engine.list(), []);
  mkdirSync(join(data, 'd/'.repeat(200)), { recursive: true });
  const deep = { name: 'DomainError', message: /copy-up \/data: ELOOP/ };
  await t.rejects(look(scratch, ['true', ['tmpcopyup']]), deep);
  const mount = { destination: '/data', source: data, options: ['bind', 'tmpcopyup'] };
  await scratch.run(['true'], { mounts: [...standardMounts, mount] });
  const proc = { destination: '/data', type: 'proc', source: 'proc', options: ['tmpcopyup'] };
  const invalid = { name: 'DomainError', kind: 'invalid' };
  await t.rejects(scratch.run(['true'], { mounts: [...standardMounts, proc] }), invalid);
});

t.test('a tmpfs without a mode has that of the folder in its place, or 1777', async (t) => {
  await using scratch = new Scratch();
  const data = folder(scratch);
  chmodSync(data, 0o2750);
  const script = 'stat -c %a /data';
  t.equal((await look(scratch, [script, []])).out, '2750\n');
  t.equal((await look(scratch, [script, ['mode=0700']])).out, '700\n');
  t.equal((await look(scratch, [script, ['mode=0700', 'tmpcopyup']])).out, '700\n');
  execFileSync('rmdir', [data]);
  t.equal((await look(scratch, [script, []])).out, '1777\n');
});
