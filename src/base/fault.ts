/**
 * Points at which a test kills this process, to see what the next one makes of it. Off, and free,
 * unless KEELSON_FAULT names a point: then reaching it is SIGKILL, as by an operator or the kernel.
 */
export function fault(point: string): void {
  if (wanted === point) process.kill(process.pid, 'SIGKILL');
}

const wanted = process.env['KEELSON_FAULT'];
