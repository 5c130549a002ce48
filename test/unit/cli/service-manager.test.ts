import { pino } from 'pino';
import t from 'tap';
import { ServiceManager } from '../../../src/cli/service-manager.ts';

const log = pino({ level: 'silent' });
const own = String(process.pid);

t.test('what is meant for this process is taken, and taken out of the environment', async (t) => {
  const environment = {
    LISTEN_FDS: '1',
    LISTEN_PID: own,
    LISTEN_FDNAMES: 'cri',
    WATCHDOG_USEC: '30000000',
    WATCHDOG_PID: own,
    NOTIFY_SOCKET: '/nonexistent/notify',
    PATH: '/bin',
  };
  const manager = new ServiceManager(log, environment);
  t.equal(manager.listenFd, 3);
  t.equal(manager.watchdogMs, 30_000);
  t.same(environment, { PATH: '/bin' });
  manager.notify('READY=1');
  t.pass('a manager that does not listen is no reason to end');
});

t.test('what is meant for another process, or for none, is left', async (t) => {
  const other = { LISTEN_FDS: '1', LISTEN_PID: '1', WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' };
  for (const environment of [other, {}, { LISTEN_FDS: '0', LISTEN_PID: own, WATCHDOG_USEC: 'x' }]) {
    const manager = new ServiceManager(log, environment);
    t.equal(manager.listenFd, undefined);
    t.equal(manager.watchdogMs, undefined);
    await manager.keepAlive(() => Promise.reject(new Error('asked')), AbortSignal.abort());
  }
});
