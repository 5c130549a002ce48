import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { diffFolder } from '../../../../src/image/layer/diff.ts';
import { packLayer, packTree } from '../../../../src/image/layer/pack.ts';
import { setXattr } from '../../../../src/kernel/xattr.ts';
import { withoutRoot } from '../../skip.ts';
import { describeTree } from './describe-tree.ts';
import { makeTree } from './make-tree.ts';
import { openBench } from './unpack-bytes.ts';

// Slow disks and busy machines are no failures.
t.setTimeout(300_000);

async function gather(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** Runs a script with an overlay of the folders mounted on `$merged`, in a namespace of its own. */
function inOverlay(stack: { lowers: string[]; upper: string }, script: string): string {
  const base = join(stack.upper, '..');
  const [work, merged] = [join(base, 'work'), join(base, 'merged')];
  mkdirSync(work, { recursive: true });
  mkdirSync(merged, { recursive: true });
  const options = `lowerdir=${stack.lowers.join(':')},upperdir=${stack.upper},workdir=${work}`;
  const mount = `mount -t overlay overlay -o "${options}" "$merged"`;
  const mounted = `set -e; ${mount}; cd "$merged"; ${script}`;
  return execFileSync('unshare', ['-m', 'sh', '-c', mounted], {
    env: { ...process.env, merged },
    encoding: 'utf8',
  });
}

/** overlayfs links all its whiteouts to one, and remembers where copies came from. */
function withoutOverlayTraces(root: string): string[] {
  const lines = describeTree(root).slice(1);
  return lines.map((line) =>
    line.replace(/^(\S+ 20000 0:0 0) .*$/, '$1').replace(/ trusted\.overlay\.origin=\S+/, ''),
  );
}

t.test('a packed tree unpacks to the same tree', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const source = bench.makeFolder();
  makeTree(source);
  const tar = await gather(packLayer(source));
  t.ok((await gather(packLayer(source))).equals(tar), 'twice the same bytes');
  const folder = bench.makeFolder();
  const result = await bench.unpack(folder, tar);
  t.same(describeTree(folder).slice(1), describeTree(source).slice(1));
  t.same(result.impliedFolders, ['']);
});

t.test('GNU tar reads what is packed', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const source = bench.makeFolder();
  makeTree(source);
  const folder = bench.makeFolder();
  const input = await gather(packLayer(source));
  const argv = ['-x', '-p', '--numeric-owner', '--xattrs', '--xattrs-include=*'];
  execFileSync('tar', ['-C', folder, ...argv], { input });
  t.same(describeTree(folder).slice(1), describeTree(source).slice(1));
});

t.test('whiteouts go there and back through a real overlay', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const [lower, upper] = [bench.makeFolder(), bench.makeFolder()];
  for (const name of ['gone', 'kept', 'emptied/a', 'emptied/b', 'folder/x', 'replaced/y']) {
    mkdirSync(join(lower, name, '..'), { recursive: true });
    writeFileSync(join(lower, name), name);
  }
  const list = 'find . -printf "%p %y %m %l\\n" | sort';
  const change =
    'rm gone; rm -r emptied; mkdir emptied; echo n > emptied/new; rm folder/x; rm -r replaced;' +
    'echo file > replaced; echo more >> kept; ln -s kept link; mkdir added; echo z > added/z;';
  const expected = inOverlay({ lowers: [lower], upper }, `${change} ${list}`);

  const tar = await gather(packLayer(upper));
  const names = execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' }).split('\n');
  for (const name of ['.wh.gone', 'emptied/.wh..wh..opq', 'folder/.wh.x', 'replaced']) {
    t.ok(names.includes(name), name);
  }
  const layer = bench.makeFolder();
  await bench.unpack(layer, tar);
  t.same(withoutOverlayTraces(layer), withoutOverlayTraces(upper));
  t.equal(inOverlay({ lowers: [layer, lower], upper: bench.makeFolder() }, list), expected);

  t.test('and diff tells them', (t) => {
    t.same(
      diffFolder(upper, [lower]).map(({ kind, path }) => `${kind} ${path}`),
      [
        'A /added',
        'A /added/z',
        'C /emptied',
        'D /emptied/a',
        'D /emptied/b',
        'A /emptied/new',
        'C /folder',
        'D /folder/x',
        'D /gone',
        'C /kept',
        'A /link',
        'C /replaced',
      ],
    );
    t.same(diffFolder(bench.makeFolder(), [layer, lower]), []);
    t.end();
  });

  t.test('and a flat archive shows the tree as the overlay does', async (t) => {
    const flat = bench.makeFolder();
    await bench.unpack(flat, await gather(packTree([layer, lower])), { lowest: true });
    const tree = execFileSync('sh', ['-c', list], { cwd: flat, encoding: 'utf8' });
    t.equal(tree, expected);
    t.equal(readFileSync(join(flat, 'kept'), 'utf8'), 'keptmore\n');
  });
});

t.test('what no layer can hold is left out or refused', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const source = bench.makeFolder();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(source, 'socket'), resolve));
  t.teardown(() => server.close());
  writeFileSync(join(source, 'f'), 'f');
  setXattr(join(source, 'f'), { name: 'trusted.overlay.origin', value: Buffer.from('x') });
  setXattr(join(source, 'f'), { name: 'trusted.other', value: Buffer.from('x') });
  const folder = bench.makeFolder();
  await bench.unpack(folder, await gather(packLayer(source)));
  const [, file, ...more] = describeTree(folder);
  t.match(file, /^f 100644 .* $/, 'no attribute');
  t.same(more, [], 'no socket');

  for (const attribute of ['trusted.overlay.redirect', 'trusted.overlay.metacopy']) {
    const moved = bench.makeFolder();
    mkdirSync(join(moved, 'd'));
    setXattr(join(moved, 'd'), { name: attribute, value: Buffer.from('/old') });
    await t.rejects(gather(packLayer(moved)), { kind: 'unsupported', message: /"d"/ });
  }
  const reserved = bench.makeFolder();
  writeFileSync(join(reserved, '.wh.f'), '');
  await t.rejects(gather(packLayer(reserved)), { kind: 'unsupported', message: /reserved/ });
});

t.test(
  'a fifo or device put in place of a file cannot hang packing',
  { skip: withoutRoot },
  async (t) => {
    const bench = openBench(t);
    const source = bench.makeFolder();
    for (let index = 0; index < 200; index += 1)
      writeFileSync(join(source, `f${index}`), 'x'.repeat(50));
    const parts = packLayer(source);
    await parts.next();
    execFileSync('sh', ['-c', 'for f in f1*; do rm $f; mkfifo $f; done; rm f2*'], { cwd: source });
    let bytes = 0;
    for await (const part of parts) bytes += part.length;
    t.ok(bytes > 50_000, `${bytes} bytes`);
    t.ok(statSync(join(source, 'f10')).isFIFO());
  },
);

t.test(
  'a file that shrinks or grows meanwhile keeps the archive whole',
  { skip: withoutRoot },
  async (t) => {
    const bench = openBench(t);
    const source = bench.makeFolder();
    writeFileSync(join(source, 'a'), Buffer.alloc(1_000_000, 97));
    writeFileSync(join(source, 'b'), 'end');
    for (const size of [300_000, 2_000_000]) {
      const parts: Uint8Array[] = [];
      for await (const part of packLayer(source)) {
        if (parts.length === 1) execFileSync('truncate', ['-s', String(size), join(source, 'a')]);
        parts.push(part);
      }
      const folder = bench.makeFolder();
      await bench.unpack(folder, Buffer.concat(parts));
      t.equal(readFileSync(join(folder, 'b'), 'utf8'), 'end');
      execFileSync('truncate', ['-s', '1000000', join(source, 'a')]);
    }
  },
);
