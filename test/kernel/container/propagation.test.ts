/** Whether mounts made on one side show on the other, with a folder that the test shares. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { CapabilitySets } from '../../../src/container/spec.ts';
import { standardMounts } from './bundle.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const set = ['CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE'];
const capabilities: CapabilitySets = { bounding: set, effective: set, permitted: set };

/** A shared mount of the host with two mount points in it, and a folder with a file to bind. */
class SharedFolder implements Disposable {
  readonly path: string;
  readonly source: string;

  constructor(scratch: Scratch) {
    this.path = scratch.bundle.path('shared');
    this.source = scratch.bundle.path('source');
    mkdirSync(this.path);
    mkdirSync(this.source);
    writeFileSync(join(this.source, 'file'), '');
    execFileSync('mount', ['--bind', this.path, this.path]);
    execFileSync('mount', ['--make-rshared', this.path]);
    for (const name of ['outside', 'inside']) mkdirSync(join(this.path, name));
  }

  mountOutside(): void {
    execFileSync('mount', ['--bind', this.source, join(this.path, 'outside')]);
  }

  seenInside(): string[] {
    return readdirSync(join(this.path, 'inside'));
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--recursive', this.path]);
  }
}

async function output(scratch: Scratch, script: string): Promise<string> {
  const args = ['sh', '-c', `${script} 2>&1`];
  const session = await scratch.engine.exec('c', { args, terminal: false, stdin: false });
  const out = await text(session.stdout);
  await session.close();
  return out.trim();
}

const modes = [
  { word: 'rshared', rootfsPropagation: 'shared', comesIn: true, goesOut: true },
  { word: 'rslave', rootfsPropagation: 'slave', comesIn: true, goesOut: false },
  { word: 'rprivate', rootfsPropagation: 'private', comesIn: false, goesOut: false },
] as const;

for (const { word, rootfsPropagation, comesIn, goesOut } of modes) {
  t.test(`with ${word} mounts come in: ${comesIn}, and go out: ${goesOut}`, async (t) => {
    await using scratch = new Scratch();
    using shared = new SharedFolder(scratch);
    const mount = { destination: '/s', source: shared.path, options: ['rbind', word] };
    const request = scratch.bundle.request('c', ['sleep', '1000'], {
      mounts: [...standardMounts, mount],
      linux: { rootfsPropagation },
      process: { capabilities },
    });
    await scratch.engine.create(request);
    await scratch.engine.start('c');
    shared.mountOutside();
    t.equal(await output(scratch, 'ls /s/outside'), comesIn ? 'file' : '');
    t.equal(
      await output(scratch, 'mount --bind /bin /s/inside && ls /s/inside/ls'),
      '/s/inside/ls',
    );
    t.equal(shared.seenInside().includes('ls'), goesOut);
    await scratch.engine.remove('c');
    t.same(
      shared.seenInside().includes('ls'),
      goesOut,
      'what went out stays, as the kernel has it',
    );
  });
}

t.test('an unbindable mount cannot be bound again', async (t) => {
  await using scratch = new Scratch();
  using shared = new SharedFolder(scratch);
  const mount = { destination: '/s', source: shared.path, options: ['rbind', 'unbindable'] };
  const { out, err } = await scratch.run(
    ['sh', '-c', 'mount --bind /s /tmp; grep " /s " /proc/self/mountinfo'],
    { mounts: [...standardMounts, mount], process: { capabilities } },
  );
  t.match(err, /Invalid argument/);
  t.match(out, / unbindable /);
});

for (const word of ['shared', 'slave', 'private', 'unbindable', 'rshared'] as const) {
  t.test(`the root is ${word}`, async (t) => {
    await using scratch = new Scratch();
    const { out } = await scratch.run(['grep', '-E', ' (/|/proc) ', '/proc/self/mountinfo'], {
      linux: { rootfsPropagation: word },
    });
    const [root = '', proc = ''] = out.split('\n');
    // A private mount has nothing that it could be a slave of.
    const tags = { shared: / shared:\d/, rshared: / shared:\d/, unbindable: / unbindable / };
    const expected = word in tags ? tags[word as keyof typeof tags] : /^(?!.*(shared|unbindable))/;
    t.match(root, expected);
    t.equal(/ shared:\d/.test(proc), word === 'rshared', 'what is below follows `r` alone');
  });
}

t.test('a propagation that nobody knows is refused', async (t) => {
  await using scratch = new Scratch();
  const linux = { rootfsPropagation: 'constructor' as 'shared' };
  await t.rejects(scratch.run(['true'], { linux }), { kind: 'invalid', message: /"constructor"/ });
});
