/** The thread visits another namespace to open a socket there, and is back before JavaScript is. */
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { netlink } from '../../../src/index.ts';
import { openNamespace } from '../../../src/kernel/namespace.ts';
import { writeSysctls } from '../../../src/kernel/sysctl.ts';
import { skip, TestNamespace } from './namespace.ts';

const own = '/proc/thread-self/ns/net';
const index = new URL('../../../src/index.ts', import.meta.url).href;

t.test('a thread is at home again after a visit, and after a refused one', { skip }, async (t) => {
  using space = new TestNamespace();
  using network = openNamespace(space.path, 'net');
  const home = readlinkSync(own);
  for (let visit = 0; visit < 200; visit++) {
    using connection = await netlink.open({ namespace: space.path });
    t.equal((await netlink.link.list(connection)).length, 1, 'it sees the other one');
    await writeSysctls([{ name: 'net/ipv4/ip_forward', value: '1' }], network);
    t.equal(readlinkSync(own), home);
  }
  await t.rejects(netlink.open({ namespace: '/proc/self/ns/uts' }), { code: 'EINVAL' });
  await t.rejects(netlink.open({ namespace: 9999 }), { code: 'EBADF' });
  t.equal(readlinkSync(own), home);
});

t.test('a worker that lives in another namespace comes back there', { skip }, async (t) => {
  using far = new TestNamespace();
  using other = new TestNamespace();
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { openSync, readlinkSync } = require('node:fs');
    import(workerData.index).then(async ({ setns, netlink }) => {
      setns(openSync(workerData.far), 0);
      const before = readlinkSync('${own}');
      const connection = await netlink.open({ namespace: workerData.other });
      connection.close();
      parentPort.postMessage([before, readlinkSync('${own}')]);
    });`;
  const workerData = { index, far: far.path, other: other.path };
  const worker = new Worker(script, { eval: true, workerData });
  const [before, after] = await new Promise<string[]>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  t.equal(after, before);
  t.not(after, readlinkSync(own));
  await worker.terminate();
});

t.test('who could not come back sends a thread', { skip }, async (t) => {
  // Of its own user namespace it may enter what it makes there, but not the host's network again.
  const program = `
    import { netlink } from ${JSON.stringify(index)};
    import { readlinkSync } from 'node:fs';
    const home = readlinkSync('${own}');
    const connection = await netlink.open({ namespace: process.argv[1] });
    const names = (await netlink.link.list(connection)).map(({ name }) => name);
    console.log(names.join(), readlinkSync('${own}') === home);`;
  const script = `
    exec 3< <(exec unshare --net sh -c 'echo made; exec sleep 60')
    child=$!; trap 'kill $child' EXIT
    read -r word <&3
    "$1" --disable-warning=ExperimentalWarning --input-type=module -e "$2" /proc/$child/ns/net`;
  const args = ['--user', '--map-root-user', 'bash', '-c', script, 'bash'];
  const printed = execFileSync('unshare', [...args, process.execPath, program], {
    encoding: 'utf8',
  });
  t.equal(printed.trim(), 'lo true');
  return Promise.resolve();
});
