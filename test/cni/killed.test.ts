/** An ADD whose process is killed at any moment leaves nothing after GC. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { plugins } from '../../cni-plugins/registry.ts';

const skip =
  (process.getuid?.() !== 0 && 'needs root') ||
  (!plugins.has('bridge') && 'this checkout has no bridge plugin');
t.setTimeout(300_000);

const main = fileURLToPath(new URL('../../cni-plugins/main.ts', import.meta.url));
const kills = 12;

/** A host and a container of its own, with state and leases in a folder. */
class Host {
  readonly folder = mkdtempSync('/tmp/keelson-killed-');
  readonly name = `kk${process.pid}`;
  readonly #config: string;

  constructor(t: Test) {
    for (const name of [this.name, `${this.name}c`]) execFileSync('ip', ['netns', 'add', name]);
    t.teardown(() => {
      for (const name of [this.name, `${this.name}c`]) execFileSync('ip', ['netns', 'del', name]);
      rmSync(this.folder, { recursive: true });
    });
    this.#config = JSON.stringify({
      cniVersion: '1.1.0',
      name: 'killed',
      type: 'bridge',
      bridge: 'kk0',
      isGateway: true,
      ipMasq: true,
      ipMasqBackend: 'nftables',
      ipam: {
        type: 'host-local',
        dataDir: join(this.folder, 'leases'),
        ranges: [[{ subnet: '10.207.0.0/24' }]],
      },
      'cni.dev/valid-attachments': [],
    });
  }

  #arguments(): readonly string[] {
    return [`--net=/run/netns/${this.name}`, process.execPath, main, 'bridge'];
  }

  #environment(verb: string): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      KEELSON_STATE: this.folder,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: 'c1',
      CNI_IFNAME: 'eth0',
      CNI_NETNS: `/run/netns/${this.name}c`,
      CNI_PATH: this.folder,
    };
  }

  call(verb: string) {
    return spawnSync('nsenter', this.#arguments(), {
      env: this.#environment(verb),
      input: this.#config,
      encoding: 'utf8',
    });
  }

  /** Kills an ADD so many milliseconds after it was recorded; tells whether it was in time. */
  async kill(afterMs: number): Promise<boolean> {
    const child = spawn('nsenter', this.#arguments(), {
      env: this.#environment('ADD'),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = new Promise<string | null>((resolve) => {
      child.once('exit', (_code, signal) => resolve(signal));
    });
    child.stdin.end(this.#config);
    while (this.records().length === 0 && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill('SIGKILL');
    return (await ended) === 'SIGKILL';
  }

  records(): readonly string[] {
    return namesBelow(join(this.folder, 'cni'));
  }

  /** Whatever an attachment has in the kernel and on disk. */
  leftovers(): readonly string[] {
    const links = this.#inHost('ip -o link show type veth').split('\n').filter(Boolean);
    const inside = execFileSync('ip', ['-n', `${this.name}c`, '-o', 'link'], { encoding: 'utf8' });
    const rules = this.#inHost('nft list ruleset').split('\n');
    return [
      ...links,
      ...(inside.includes('eth0') ? ['eth0 in the container'] : []),
      ...rules.filter((line) => /10\.207\.0\.[2-9]|c1\/eth0/.test(line)),
      ...namesBelow(join(this.folder, 'leases/killed')).filter((name) => name.startsWith('10.')),
      ...this.records(),
    ];
  }

  #inHost(command: string): string {
    const args = [`--net=/run/netns/${this.name}`, ...command.split(' ')];
    return execFileSync('nsenter', args, { encoding: 'utf8' });
  }
}

function namesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

t.test('killed at any moment of an ADD, then GC: nothing is left', { skip }, async (t) => {
  const host = new Host(t);
  let inTime = 0;
  for (let index = 0; index < kills; index++) {
    if (await host.kill(index * 2)) inTime++;
    const collected = host.call('GC');
    t.equal(collected.status, 0, collected.stdout);
    t.same(host.leftovers(), [], `after ${index * 2} ms`);
  }
  t.ok(inTime > 0, `${inTime} of ${kills} were killed before their end`);
  const add = host.call('ADD');
  t.equal(add.status, 0, 'and the next ADD is as the first');
  t.equal(host.call('DEL').status, 0);
  t.same(host.leftovers(), []);
});
