import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Tells systemd that the runtime answers (`Type=notify`, `NotifyAccess=all`). By its own program,
 * since Node has no datagram sockets of the Unix family; without systemd there is nothing to tell.
 */
export async function notifyReady(): Promise<void> {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  const words = ['--ready', `--pid=${process.pid}`, 'STATUS=Ready'];
  await promisify(execFile)('systemd-notify', words, { timeout: 5000 });
}
