import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t, { type Test } from 'tap';
import { addon } from '../../../../src/kernel/addon.ts';
import { NotifySocket } from '../../../../src/cli/up/notify-socket.ts';

t.test('assignments come one by one, an empty message says nothing', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const told: string[] = [];
  const folder = scratch(t);
  using socket = new NotifySocket(folder, 'notify.sock', (assignment) => {
    told.push(assignment);
    if (assignment === 'READY=1') resolve();
  });
  addon.datagramSend(socket.path, Buffer.alloc(0));
  addon.datagramSend(socket.path, Buffer.from('STATUS=Starting'));
  addon.datagramSend(socket.path, Buffer.from('READY=1\nSTATUS=Ready'));
  await promise;
  t.same(told.slice(0, 2), ['STATUS=Starting', 'READY=1']);
});

t.test('the next one takes the place of a socket that nobody has any more', (t) => {
  const folder = scratch(t);
  new NotifySocket(folder, 'notify.sock', () => undefined)[Symbol.dispose]();
  const again = new NotifySocket(folder, 'notify.sock', () => undefined);
  addon.datagramSend(again.path, Buffer.from('READY=1'));
  again[Symbol.dispose]();
  t.throws(() => addon.datagramSend(again.path, Buffer.from('READY=1')), { code: 'ECONNREFUSED' });
  t.end();
});

/** A socket's path is short: the folders of tap are not. */
function scratch(t: Test): string {
  const folder = mkdtempSync(`${tmpdir()}/keelson-notify-`);
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}
