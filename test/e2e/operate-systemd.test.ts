/** The runtime as a service of systemd: its units, its socket, its notifications. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { CriClient } from './cri-client.ts';
import { childrenOf } from './processes.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(300_000);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const main = `${repository}src/cli/main.ts`;
const folder = mkdtempSync('/tmp/keelson-systemd-');
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

function commandOf(name: string): string[] {
  const folders = ['--root', `${folder}/${name}/root`, '--state', `${folder}/${name}/state`];
  const socket = ['--socket', `${folder}/${name}.sock`];
  return [process.execPath, main, 'runtime', ...folders, ...socket];
}

const environment = {
  ...process.env,
  KEELSON_CNI_CONFIG: `${folder}/net.d`,
  KEELSON_CNI_CACHE: `${folder}/results`,
};

t.test('systemd finds nothing wrong with the units', async (t) => {
  if (!existsSync('/usr/bin/systemd-analyze')) {
    t.pass('skipped', { skip: 'needs systemd-analyze' });
    return;
  }
  const units = `${folder}/units`;
  cpSync(`${repository}scripts/systemd`, units, { recursive: true });
  const service = `${units}/keelson-runtime.service`;
  const text = readFileSync(service, 'utf8');
  t.match(text, /^ExecStart=\/usr\/local\/bin\/keelson runtime$/m);
  // The link that scripts/up makes is not there on a machine that only tests.
  writeFileSync(service, text.replace('/usr/local/bin/keelson', `${repository}bin/keelson`));
  const args = ['verify', '--man=no', service, `${units}/keelson-runtime.socket`];
  const said = execFileSync('systemd-analyze', args, { encoding: 'utf8', stdio: 'pipe' });
  t.equal(said, '');
});

class Manager {
  readonly lines: string[] = [];
  readonly #process;

  constructor(name: string) {
    const script = `${repository}test/e2e/service-manager.py`;
    const sockets = [`${folder}/${name}.sock`, `${folder}/${name}.notify`];
    this.#process = spawn('python3', [script, ...sockets, ...commandOf(name)], {
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface(this.#process.stdout).on('line', (line) => this.lines.push(line));
  }

  tell(command: string): void {
    this.#process.stdin.write(`${command}\n`);
  }

  async hears(wanted: RegExp, from = 0): Promise<RegExpExecArray> {
    for (let attempt = 0; attempt < 8000; attempt += 1) {
      for (const line of this.lines.slice(from)) {
        const found = wanted.exec(line);
        if (found !== null) return found;
      }
      await sleep(25);
    }
    throw new Error(`${wanted} is not in ${this.lines.join('\n')}`);
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin.end();
    await ended;
  }
}

t.test('calls wait at the socket for the next runtime, which tells of itself', async (t) => {
  const manager = new Manager('managed');
  t.teardown(() => manager.end());
  using cri = new CriClient(`${folder}/managed.sock`);
  await manager.hears(/^listening$/);
  manager.tell('start');
  // Asked before anybody is there to answer.
  t.match(await cri.call('Version'), { runtime_name: 'keelson' });
  const [, pid] = await manager.hears(/^(\d+) READY=1/);
  await manager.hears(new RegExp(`^${pid} WATCHDOG=1$`));
  const variables = childrenOf(Number(pid)).map((child) =>
    readFileSync(`/proc/${child.pid}/environ`, 'latin1'),
  );
  t.notMatch(variables.join(), /NOTIFY_SOCKET|LISTEN_FDS|WATCHDOG/);

  for (const how of ['kill', 'stop']) {
    const told = manager.lines.length;
    manager.tell(how);
    await manager.hears(/^ended /, told);
    t.ok(existsSync(`${folder}/managed.sock`), 'the socket is not the runtime’s to remove');
    using waiting = new CriClient(`${folder}/managed.sock`);
    const answer = waiting.call('Version');
    const from = manager.lines.length;
    manager.tell('start');
    t.match(await answer, { runtime_name: 'keelson' }, how);
    await manager.hears(/READY=1/, from);
  }
  t.ok(manager.lines.some((line) => /STOPPING=1/.test(line)));
});

t.test('who cannot work any more does not say that all is well', async (t) => {
  const manager = new Manager('ill');
  t.teardown(() => manager.end());
  manager.tell('start');
  const [, pid] = await manager.hears(/^(\d+) READY=1/);
  await manager.hears(/WATCHDOG=1/);
  const spawner = childrenOf(Number(pid)).find(({ name }) => name === 'keelson-spawner');
  if (spawner === undefined) throw new Error('no spawner');
  // One that is killed has a successor; one that hangs has none.
  process.kill(spawner.pid, 'SIGSTOP');
  t.teardown(() => process.kill(spawner.pid, 'SIGKILL'));
  // A report that was asked for before may still be told; from then on there is silence.
  let told = -1;
  for (let attempt = 0; attempt < 60 && told !== manager.lines.length; attempt += 1) {
    told = manager.lines.length;
    await sleep(1200);
  }
  t.equal(manager.lines.length, told, 'six intervals without a word');
});

t.test('systemd-socket-activate starts it at the first call', async (t) => {
  if (!existsSync('/usr/bin/systemd-socket-activate')) {
    t.pass('skipped', { skip: 'needs systemd-socket-activate' });
    return;
  }
  const path = `${folder}/activated.sock`;
  const names = ['KEELSON_CNI_CONFIG', 'KEELSON_CNI_CACHE', 'PATH', 'NODE_COMPILE_CACHE'];
  const passed = names.filter((name) => name in environment).flatMap((name) => ['-E', name]);
  const args = [`--listen=${path}`, ...passed, ...commandOf('activated')];
  const child = spawn('systemd-socket-activate', args, { env: environment, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  for (let attempt = 0; attempt < 4000 && !existsSync(path); attempt += 1) await sleep(25);
  using cri = new CriClient(path);
  t.match(await cri.call('Version'), { runtime_name: 'keelson' });
});
