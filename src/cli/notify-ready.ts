import { addon } from '../kernel/addon.ts';

/** Tells systemd that the process answers (`Type=notify`); without systemd there is nobody. */
export async function notifyReady(): Promise<void> {
  const address = process.env['NOTIFY_SOCKET'];
  if (address !== undefined) addon.datagramSend(address, Buffer.from('READY=1\nSTATUS=Ready'));
}
