import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plugins } from '../../cni-plugins/registry.ts';
import { isOwnProgram } from '../../src/cni/own-program.ts';

const script = fileURLToPath(new URL('../../scripts/install-cni', import.meta.url));
const run = (...args: readonly string[]) => execFileSync(script, args, { encoding: 'utf8' });

t.test('every plugin is there, is the client, and goes again', (t) => {
  const folder = join(t.testdir(), 'opt/cni/bin');
  run(folder);
  t.same(
    readdirSync(folder).filter((name) => !name.startsWith('.')),
    [...plugins.keys()].toSorted(),
  );
  const path = join(folder, 'host-local');
  t.ok(isOwnProgram(path));
  t.equal(statSync(path).mode & 0o777, 0o755);
  const first = statSync(path).ino;
  run(folder);
  t.not(statSync(path).ino, first, 'a running program is never written over');
  run('--remove', folder);
  t.notOk(existsSync(join(folder, '../..')), 'nor is a folder left that it made');
  t.end();
});

t.test("other people's programs are kept and put back", (t) => {
  const folder = t.testdir({ 'host-local': '#!/bin/sh\n', calico: 'other' });
  run(folder);
  run(folder);
  t.ok(isOwnProgram(join(folder, 'host-local')));
  t.equal(readFileSync(join(folder, 'calico'), 'utf8'), 'other');
  run('--remove', folder);
  t.same(readdirSync(folder).toSorted(), ['calico', 'host-local']);
  t.equal(readFileSync(join(folder, 'host-local'), 'utf8'), '#!/bin/sh\n');
  run('--remove', folder);
  t.same(readdirSync(folder).toSorted(), ['calico', 'host-local'], 'again: nothing to do');
  t.end();
});

t.test('what replaced a plugin of ours since stays', (t) => {
  const folder = t.testdir();
  run(folder);
  execFileSync('rm', [join(folder, 'host-local')]);
  writeFileSync(join(folder, 'host-local'), 'theirs');
  run('--remove', folder);
  t.same(readdirSync(folder), ['host-local']);
  t.end();
});
