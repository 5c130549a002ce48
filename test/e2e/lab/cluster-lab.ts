/** A cluster of scripts/lab for tests: nodes of namespaces, with stock kubectl on the first. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { downAtDeath } from '../../at-death.ts';
import { findPrograms } from '../../cluster/api/kubectl.ts';
import { patienceMs } from '../../until.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const pollMs = 200;

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class ClusterLab implements AsyncDisposable {
  readonly #folder = mkdtempSync(`${tmpdir()}/keelson-lab-`);
  readonly #name = `t${process.pid}`;
  readonly #kubectl = newestKubectl();
  #manifests = 0;

  /** Resolves when the nodes are there; throws with what `scripts/lab up` said. */
  static async start(...flags: readonly string[]): Promise<ClusterLab> {
    const lab = new ClusterLab();
    downAtDeath(lab.#folder, lab.#name);
    const { code, stderr, stdout } = await lab.#lab('up', ...flags);
    if (code === 0) {
      // What pages and scripts call kubectl.
      const linked = `mkdir -p /run/bin && ln -sf ${lab.#kubectl} /run/bin/kubectl`;
      await lab.see('host01', linked);
      return lab;
    }
    await lab[Symbol.asyncDispose]();
    throw new Error(`scripts/lab up: ${stdout}${stderr}`);
  }

  /** The network namespace with the bridge that joins the nodes. */
  get wire(): string {
    return `keelson-${this.#name}`;
  }

  get folder(): string {
    return this.#folder;
  }

  /** In bash on a node. */
  on(node: string, script: string): Promise<Output> {
    return this.#lab('exec', node, 'bash', '-c', script);
  }

  /** The output alone, without its end; throws where the script fails. */
  async see(node: string, script: string): Promise<string> {
    const { code, stdout, stderr } = await this.on(node, `set -e -o pipefail\n${script}`);
    if (code !== 0) throw new Error(`${node}: ${script}\nended with ${code}:\n${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  /** kubectl's answer, whatever it is. */
  try(...args: readonly string[]): Promise<Output> {
    return this.#lab('exec', 'host01', this.#kubectl, '--cache-dir=/run/kubectl', ...args);
  }

  /** What kubectl prints; throws where it fails. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  /** kubectl with words as a person types them: no quotes, no blanks in a word. */
  type(line: string): Promise<string> {
    return this.kubectl(...line.split(' '));
  }

  async apply(...objects: readonly object[]): Promise<string> {
    this.#manifests += 1;
    const path = `${this.#folder}/${this.#manifests}.json`;
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return await this.kubectl('apply', '-f', path);
  }

  /** Waits until the look is as wanted; throws, with what it saw last, when it never is. */
  async until(
    what: string,
    look: () => Promise<string>,
    wanted: RegExp | ((seen: string) => boolean),
  ): Promise<string> {
    const fits = wanted instanceof RegExp ? (seen: string) => wanted.test(seen) : wanted;
    const begin = performance.now();
    let seen = '';
    while (performance.now() - begin < patienceMs) {
      seen = await look().catch(String);
      if (fits(seen)) return seen;
      await sleep(pollMs);
    }
    throw new Error(`${what}: not in ${patienceMs / 1000} s; last seen:\n${seen}`);
  }

  /** `until` on what kubectl prints for a line. */
  sees(line: string, wanted: RegExp | ((seen: string) => boolean)): Promise<string> {
    return this.until(`kubectl ${line}`, () => this.type(line), wanted);
  }

  partition(...nodes: readonly string[]): Promise<Output> {
    return this.#lab('partition', ...nodes);
  }

  heal(...nodes: readonly string[]): Promise<Output> {
    return this.#lab('heal', ...nodes);
  }

  kill(node: string, part: string): Promise<Output> {
    return this.#lab('kill', node, part);
  }

  /** The nodes' own logs, for a failure's story. */
  async logs(): Promise<string> {
    const { stdout } = await this.#lab('list');
    const parts = stdout.split(/\s+/).filter(Boolean);
    const logs = await Promise.all(
      parts.map(async (node) => {
        const log = await this.on(node, `grep -v '"rpc"' /var/log/keelson.log | tail -n 25`);
        return `== ${node}\n${log.stdout}`;
      }),
    );
    const { stdout: objects } = await this.try('get', 'events,pods', '-A', '-o', 'wide');
    return [...logs, objects].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab('down');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #lab(...args: readonly string[]): Promise<Output> {
    const options = {
      cwd: project,
      env: { ...process.env, KEELSON_LAB: this.#folder },
      timeout: 600_000,
      maxBuffer: 64 * 1024 * 1024,
      encoding: 'utf8',
    } as const;
    return new Promise((resolve) => {
      execFile('scripts/lab', ['--name', this.#name, ...args], options, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
        resolve({ code, stdout, stderr });
      });
    });
  }
}

/** Why there can be no such lab here; undefined when there can. */
export function unable(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (findPrograms().length === 0) return 'needs kubectl';
  if (!existsSync('/bin/busybox')) return 'needs busybox-static';
  try {
    execFileSync('unshare', ['--net', '--mount', '--pid', '--cgroup', '--fork', 'true']);
  } catch {
    return 'needs namespaces';
  }
  return undefined;
}

function newestKubectl(): string {
  return findPrograms().at(-1) ?? 'kubectl';
}
