/**
 * A program on a terminal of its own.
 *
 *     $ node test/examples/terminal.ts
 *     it sees: 24 80
 */
import { spawn } from 'node:child_process';
import { readSync } from 'node:fs';
import { Terminal, readable, setWindowSize } from '../../src/index.ts';

using terminal = Terminal.open();
setWindowSize(terminal.control.fd, { rows: 24, columns: 80 });
using peer = terminal.openPeer();
spawn('setsid', ['-c', 'stty', 'size'], { stdio: [peer.fd, peer.fd, peer.fd] });

await readable(terminal.control.fd, { timeoutMs: 5000 });
const buffer = Buffer.alloc(100);
const text = buffer.toString('utf8', 0, readSync(terminal.control.fd, buffer));
console.log(`it sees: ${text.trim()}`);
