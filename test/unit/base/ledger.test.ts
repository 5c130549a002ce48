import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import type { HostChange } from '../../../src/base/host-change.ts';
import { Ledger, readLedger } from '../../../src/base/ledger.ts';

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-ledger-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'ledger');
}

const forwarding = (former: string): HostChange => ({
  kind: 'sysctl',
  name: 'net/ipv4/ip_forward',
  former,
  value: '1',
});
const device: HostChange = { kind: 'link', name: 'keelson.vx' };
const file: HostChange = { kind: 'file', path: '/etc/cni/net.d/10-keelson.conflist' };

async function changesIn(folder: string): Promise<readonly HostChange[]> {
  return (await readLedger(folder)).map(({ change }) => change);
}

t.test('what is recorded is read newest first, of all parts', async (t) => {
  const folder = folderOf(t);
  await using network = await Ledger.open(folder, 'network');
  await using services = await Ledger.open(folder, 'services');
  await network.record(forwarding('0'), device);
  await services.record(file);
  t.same(await changesIn(folder), [file, device, forwarding('0')]);
});

t.test('a former value is kept when a process that starts anew records its own', async (t) => {
  const folder = folderOf(t);
  {
    await using ledger = await Ledger.open(folder, 'network');
    await ledger.record(forwarding('0'));
  }
  await using ledger = await Ledger.open(folder, 'network');
  await ledger.record(forwarding('1'));
  t.same(await changesIn(folder), [forwarding('0')]);
  t.same(ledger.changes, [forwarding('0')]);
});

t.test('what is forgotten can be recorded again', async (t) => {
  const folder = folderOf(t);
  await using ledger = await Ledger.open(folder, 'network');
  await ledger.record(device, file);
  await ledger.forget(device);
  t.same(await changesIn(folder), [file]);
  await ledger.record(device);
  t.same(await changesIn(folder), [device, file]);
});

t.test('a line that a crash cut off is no record, and the next one is whole', async (t) => {
  const folder = folderOf(t);
  {
    await using ledger = await Ledger.open(folder, 'network');
    await ledger.record(device);
  }
  const path = join(folder, 'network.ledger');
  const whole = readFileSync(path, 'utf8');
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole + whole.slice(0, length).replace('keelson.vx', 'half'));
    await using ledger = await Ledger.open(folder, 'network');
    await ledger.record(file);
    t.same(await changesIn(folder), [file, device], `cut after ${length} bytes`);
  }
});

t.test('a damaged line takes no other with it', async (t) => {
  const folder = folderOf(t);
  await using ledger = await Ledger.open(folder, 'network');
  await ledger.record(device);
  const damaged = ['{', 'null', '[]', '"x"', '{"change":7}', '{"change":{"kind":"link"}}', '\0'];
  appendFileSync(join(folder, 'network.ledger'), damaged.map((line) => `${line}\n`).join(''));
  await ledger.record(file);
  t.same(await changesIn(folder), [file, device]);
});

t.test('what the kernel kept ends with its boot, what is on disk does not', async (t) => {
  const folder = folderOf(t);
  {
    await using ledger = await Ledger.open(folder, 'network');
    await ledger.record(forwarding('0'), file);
  }
  const path = join(folder, 'network.ledger');
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/"boot":"[^"]*"/g, '"boot":"before"'));
  t.same(await changesIn(folder), [file]);
  await using ledger = await Ledger.open(folder, 'network');
  await ledger.record(forwarding('7'));
  t.same(await changesIn(folder), [forwarding('7'), file], 'the former value is of this boot');
});

t.test('a ledger in use for long stays small', async (t) => {
  const folder = folderOf(t);
  await using ledger = await Ledger.open(folder, 'network');
  await ledger.record(file);
  for (let round = 0; round < 500; round++) {
    await ledger.record(device);
    await ledger.forget(device);
  }
  t.ok(statSync(join(folder, 'network.ledger')).size < 100_000);
  t.same(await changesIn(folder), [file]);
});

t.test('records asked for at once are all there', async (t) => {
  const folder = folderOf(t);
  await using ledger = await Ledger.open(folder, 'network');
  const names = Array.from({ length: 40 }, (_, index) => `link${index}`);
  await Promise.all(names.map((name) => ledger.record({ kind: 'link', name })));
  t.equal((await changesIn(folder)).length, 40);
});

t.test('a part is a word', async (t) => {
  await t.rejects(Ledger.open(folderOf(t), '../x'), { message: /No part/ });
});

t.test('whatever was recorded when a process is killed is there', async (t) => {
  const folder = folderOf(t);
  const ledger = new URL('../../../src/base/ledger.ts', import.meta.url).href;
  const program = `
    const { Ledger } = await import(${JSON.stringify(ledger)});
    const ledger = await Ledger.open(${JSON.stringify(folder)}, 'network');
    for (let index = 0; ; index++) {
      await ledger.record({ kind: 'link', name: 'link' + index });
      if (index % 3 === 0) await ledger.forget({ kind: 'link', name: 'link' + (index - 1) });
      console.log(index);
    }`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last === 400) child.kill('SIGKILL');
  }
  t.ok(last >= 400);
  const names = new Set((await changesIn(folder)).map((change) => 'name' in change && change.name));
  // The last one may have been forgotten without a word.
  const recorded = Array.from({ length: last }, (_, index) => index);
  const lost = recorded.filter((index) => names.has(`link${index}`) === (index % 3 === 2));
  t.same(lost, []);
});
