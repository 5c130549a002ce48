import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { withoutRoot } from '../skip.ts';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

// The checkout may lie where only root may look: the other user sees it at a place of its own.
const place = mkdtempSync(join(tmpdir(), 'keelson-unprivileged-'));
chmodSync(place, 0o755);
t.teardown(() => rmdirSync(place));
const ownNode = process.execPath.startsWith(checkout);
const program = ownNode ? join(place, relative(checkout, process.execPath)) : process.execPath;
const index = `file://${place}/src/index.ts`;
// What tap loads into its children lies in the checkout too.
const atPlace = 'mount --bind "$1" "$2"; shift 2; unset NODE_OPTIONS; exec "$@"';

/** What a user without any privilege is told: the messages of failing calls. */
function messages(calls: string): string[] {
  const script = `
    import * as k from ${JSON.stringify(index)};
    const messages = [];
    const attempt = async (call) => {
      try {
        await call();
        messages.push('no error');
      } catch (error) {
        messages.push(error.message);
      }
    };
    ${calls}
    console.log(JSON.stringify(messages));`;
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--no-new-privs'];
  const node = [program, '--input-type=module-typescript', '-e', script];
  const shell = ['sh', '-ec', atPlace, 'sh', checkout, place];
  const user = ['setpriv', ...nobody, '--inh-caps=-all', ...node];
  const printed = execFileSync('unshare', ['--mount', ...shell, ...user], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: process.env['PATH'] },
  });
  return JSON.parse(printed) as string[];
}

const advice = '; root or the matching capability is needed';

t.test('without privileges each call says what is needed', { skip: withoutRoot }, async (t) => {
  t.same(
    messages(`
      await attempt(() => k.createNamespace('net'));
      await attempt(() => k.mount({ source: 'x', target: '/tmp', fileSystem: 'tmpfs' }));
      await attempt(() => k.FileSystemContext.open('tmpfs'));
      await attempt(() => k.unmount('/proc'));
      await attempt(() => k.signalProcess(k.openProcess(1).fd, 'TERM'));
      await attempt(() => k.dropBounding('CAP_CHOWN'));
      await attempt(() => k.setScheduling(0, { policy: 'SCHED_FIFO', priority: 1 }));
      await attempt(() => k.setIoPriority(0, { class: 'realtime', level: 0 }));
    `),
    [
      `unshare: EPERM${advice}`,
      `mount /tmp: EPERM${advice}`,
      `fsopen tmpfs: EPERM${advice}`,
      `umount2 /proc: EPERM${advice}`,
      `pidfd_send_signal: EPERM${advice}`,
      `prctl: EPERM${advice}`,
      `sched_setattr: EPERM${advice}`,
      `ioprio_set: EPERM${advice}`,
    ],
  );
});

t.test('what needs no privileges works without', { skip: withoutRoot }, async (t) => {
  const answers = messages(`
    await attempt(() => k.openFolder('/').close());
    await attempt(() => k.Terminal.open()[Symbol.dispose]());
    await attempt(() => k.sealedMemoryFile('x', Buffer.from('x')).close());
    await attempt(() => k.compileSeccomp(k.defaultSeccomp([])));
    await attempt(() => { k.setNoNewPrivileges(); });
    await attempt(() => k.listNamespaces());
    await attempt(() => k.probeFeatures());
    await attempt(() => k.getScheduling(0));
    await attempt(() => k.setResourceLimit(0, 'RLIMIT_CORE', { soft: 0n, hard: 0n }));
  `);
  t.same(
    answers,
    answers.map(() => 'no error'),
  );
});
