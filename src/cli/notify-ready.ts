import { messageOf } from '../base/error.ts';
import { openLog } from '../base/log.ts';
import { addon } from '../kernel/addon.ts';

/**
 * Tells whoever started the process that it answers (`Type=notify`); without such there is nobody.
 * Never throws: who started it may have been killed meanwhile, and the process goes on without him.
 */
export function notifyReady(): void {
  const address = process.env['NOTIFY_SOCKET'];
  if (address === undefined) return;
  try {
    addon.datagramSend(address, Buffer.from('READY=1\nSTATUS=Ready'));
  } catch (error) {
    openLog('notify').warn(`nobody is told that it is ready: ${messageOf(error)}`);
  }
}
