/** Graceful shutdown beside a logind of the test's own, on a bus of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { systemClock } from '../../../src/base/clock.ts';
import { openLog } from '../../../src/base/log.ts';
import { readKubeletConfiguration } from '../../../src/kubelet/config/kubelet-configuration.ts';
import { shutdownPhases } from '../../../src/kubelet/node/shutdown/end-pods.ts';
import { GracefulShutdown } from '../../../src/kubelet/node/shutdown/graceful-shutdown.ts';
import { succeeds } from '../../cluster/kubelet/succeeds.ts';
import { PodTable } from '../../e2e/kubelet-parts.ts';

const needed = [
  '/usr/bin/dbus-daemon',
  '/usr/bin/systemd-inhibit',
  '/usr/lib/python3/dist-packages/gi',
];
const absent = needed.filter((path) => !existsSync(path));
const skip = absent.length > 0 && `needs ${absent.join(', ')}`;
const program = fileURLToPath(new URL('fake-logind.py', import.meta.url));
const log = openLog('test');
log.level = 'silent';

t.setTimeout(300_000);

class FakeLogind implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'keelson-logind-'));
  readonly #children: ChildProcess[] = [];
  readonly said: string[] = [];

  async start(): Promise<void> {
    const socket = join(this.folder, 'bus');
    const config = join(this.folder, 'bus.conf');
    writeFileSync(
      config,
      `<busconfig><type>custom</type><listen>unix:path=${socket}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*"/>
<allow receive_sender="*"/><allow own="*"/></policy></busconfig>`,
    );
    const quiet = { stdio: 'ignore' } as const;
    this.#children.push(spawn('dbus-daemon', ['--nofork', '--config-file', config], quiet));
    await succeeds(async () => {
      if (!existsSync(socket)) throw new Error('no bus');
    });
    process.env['DBUS_SYSTEM_BUS_ADDRESS'] = `unix:path=${socket}`;
    const words = [program, `unix:path=${socket}`];
    const manager = spawn('/usr/bin/python3', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(manager);
    const lines = createInterface({ input: manager.stdout });
    lines.on('line', (line) => this.said.push(line));
    await this.says('ready');
  }

  async says(line: string, times = 1): Promise<void> {
    await succeeds(async () => {
      const count = this.said.filter((one) => one === line).length;
      if (count < times) throw new Error(`${line}: ${this.said.join(', ')}`);
    });
  }

  tell(word: 'shutdown' | 'cancel'): void {
    this.#children.at(-1)?.stdin?.write(`${word}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function podNamed(name: string, priority: number): never {
  const spec = { containers: [], priority, terminationGracePeriodSeconds: 30 };
  return { metadata: { name, uid: name, namespace: 'default' }, spec } as never;
}

const configuration = readKubeletConfiguration(
  [
    'apiVersion: kubelet.config.k8s.io/v1beta1',
    'kind: KubeletConfiguration',
    'shutdownGracePeriod: 20s',
    'shutdownGracePeriodCriticalPods: 5s',
  ].join('\n'),
).configuration;

t.test('pods end before the machine goes down, the critical ones last', { skip }, async (t) => {
  await using logind = new FakeLogind();
  await logind.start();
  const pods = new PodTable();
  pods.put(podNamed('critical', 2_000_000_000));
  pods.put(podNamed('usual', 0));
  const end = new AbortController();
  const node = { configuration, log, clock: systemClock } as never;
  const shutdown = new GracefulShutdown({ node, pods, changed: () => undefined });
  t.teardown(() => end.abort());
  const running = shutdown.run(end.signal);
  await logind.says('locked shutdown delay');
  t.equal(shutdown.isUnderWay, false);
  logind.tell('shutdown');
  await logind.says('released');
  t.equal(shutdown.isUnderWay, true);
  t.same(
    pods.failures.map(({ uid, reason, graceSeconds }) => [uid, reason, graceSeconds]),
    [
      ['usual', 'Terminated', 15],
      ['critical', 'Terminated', 5],
    ],
  );
  logind.tell('cancel');
  await logind.says('locked shutdown delay', 2);
  t.equal(shutdown.isUnderWay, false, 'the machine stays up after all');
  end.abort();
  await running;
  await logind.says('released', 2);
});

t.test('without time for it nothing is delayed', async (t) => {
  const none = readKubeletConfiguration('').configuration;
  t.same(shutdownPhases(none), []);
  const node = { configuration: none, log, clock: systemClock } as never;
  const pods = new PodTable();
  const shutdown = new GracefulShutdown({ node, pods, changed: () => undefined });
  await shutdown.run(new AbortController().signal);
  t.equal(shutdown.isUnderWay, false);
});
