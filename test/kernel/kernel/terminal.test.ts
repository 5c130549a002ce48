import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readSync, readlinkSync, writeSync } from 'node:fs';
import t from 'tap';
import {
  Terminal,
  getWindowSize,
  openFolder,
  readable,
  setWindowSize,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';

/** What the terminal shows until the text has come. */
async function shown(terminal: Terminal, text: string): Promise<string> {
  const buffer = Buffer.alloc(4096);
  let seen = '';
  while (!seen.includes(text)) {
    await readable(terminal.control.fd, { timeoutMs: 10_000 });
    seen += buffer.toString('utf8', 0, readSync(terminal.control.fd, buffer));
  }
  return seen;
}

t.test('a program talks over a terminal of its own', async (t) => {
  using terminal = Terminal.open();
  const peer = terminal.openPeer().release();
  t.equal(readlinkSync(`/proc/self/fd/${peer}`), `/dev/pts/${terminal.number}`);
  const child = spawn('setsid', ['-c', 'sh', '-c', 'tty; read line; echo got $line'], {
    stdio: [peer, peer, peer],
  });
  t.teardown(() => child.kill('SIGKILL'));
  closeSync(peer);
  t.match(await shown(terminal, '\n'), `/dev/pts/${terminal.number}`);
  writeSync(terminal.control.fd, 'hello\r');
  t.match(await shown(terminal, 'got'), /got/);
  await once(child, 'exit');
  t.equal(child.exitCode, 0);
});

t.test('both sides see the size', async (t) => {
  using terminal = Terminal.open();
  using peer = terminal.openPeer();
  setWindowSize(terminal.control.fd, { rows: 45, columns: 65_535 });
  t.same(getWindowSize(peer.fd), { rows: 45, columns: 65_535 });
  t.match(await failureOf(() => setWindowSize(peer.fd, { rows: -1, columns: 1 })), {
    kind: 'invalid',
  });
  t.match(await failureOf(() => setWindowSize(peer.fd, { rows: 1, columns: 65_536 })), {
    kind: 'invalid',
  });
});

t.test('what is no terminal is refused', async (t) => {
  using folder = openFolder('/tmp');
  t.throws(() => Terminal.open(folder.fd), { call: 'open', code: 'ENOENT' });
  t.match(await failureOf(() => getWindowSize(folder.fd)), { call: 'ioctl TIOCGWINSZ' });
});

t.test('a terminal of a given devpts is opened', async (t) => {
  using devpts = openFolder('/dev/pts');
  using terminal = Terminal.open(devpts.fd);
  using peer = terminal.openPeer();
  t.match(readlinkSync(`/proc/self/fd/${peer.fd}`), /\/dev\/pts\/\d+$/);
});
