import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import type { PodSandboxRequest } from '../../../src/sandbox/sandbox-service.ts';
import { leases, writeNetwork } from './open-node.ts';

const victim = fileURLToPath(new URL('victim.ts', import.meta.url));

/** A folder for a runtime and its pod, removed at the end with the pod's cgroup. */
export class Place implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'keelson-test-'));
  readonly name = basename(this.folder);
  readonly request: PodSandboxRequest;

  constructor(change: Partial<PodSandboxRequest> = {}) {
    writeNetwork(this.folder);
    const id = this.name.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
    const kinds = { network: 'pod', ipc: 'pod', pid: 'pod' } as const;
    this.request = { id, hostname: 'pod1', ...kinds, cgroupPath: `/${this.name}/pod`, ...change };
    writeFileSync(join(this.folder, 'request.json'), JSON.stringify(this.request));
  }

  /** Runs a runtime to its end; its exit code. */
  async live(fault: string, verbs: readonly string[]): Promise<number | null> {
    const args = [victim, this.folder, join(this.folder, 'request.json'), ...verbs];
    const env = { ...process.env, KEELSON_FAULT: fault };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }

  /** Runs a runtime until it dies; the signal. */
  async die(fault: string, verbs: readonly string[]): Promise<string | null> {
    const args = [victim, this.folder, join(this.folder, 'request.json'), ...verbs];
    const env = { ...process.env, KEELSON_FAULT: fault };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return signal;
  }

  /** The same, at an instant after it has begun, in place of a point. */
  async dieAfter(afterMs: number, verbs: readonly string[]): Promise<void> {
    const args = [victim, this.folder, join(this.folder, 'request.json'), ...verbs];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    await once(child, 'exit');
    clearTimeout(timer);
  }

  /** Processes of this machine whose command line or cgroup names the pod. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) =>
        ['cmdline', 'cgroup'].some((file) => {
          const text = readOrNothing(`/proc/${pid}/${file}`);
          return text.includes(this.request.id) || text.includes(this.name);
        }),
      )
      .map(Number);
  }

  /** Waits a while for processes that have been killed to be gone. */
  async ends(): Promise<void> {
    for (let round = 0; round < 100 && this.processes().length > 0; round++) await delay(10);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using hierarchy = openHierarchy();
    await hierarchy.remove(`/${this.name}`);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

export async function nothingLeft(t: Test, place: Place): Promise<void> {
  const { folder, name, request } = place;
  await place.ends();
  t.same(place.processes(), [], 'no process');
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), name, 'no mount');
  t.same(readdirSync(join(folder, 'state/pods')), [], 'no folder of a pod');
  t.same(namesIn(join(folder, 'netns')), [], 'no pin');
  t.same(leases(folder), [], 'no address');
  t.notMatch(namesIn(join(folder, 'results')).join(' '), request.id, 'no result kept');
  using hierarchy = openHierarchy();
  t.notOk(existsSync(join(hierarchy.mountPoint, name, 'pod')), 'no cgroup');
}
