import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { withoutRoot } from '../skip.ts';

const program = fileURLToPath(new URL('fake-systemd.py', import.meta.url));

export const withoutDbus =
  withoutRoot === false &&
  !(existsSync('/usr/bin/dbus-daemon') && existsSync('/usr/lib/python3/dist-packages/gi'))
    ? 'needs dbus-daemon, python3-dbus and python3-gi'
    : withoutRoot;

export interface RecordedCall {
  readonly member: string;
  readonly unit?: string;
  readonly runtime?: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** A bus of Debian's dbus-daemon with a recording systemd1 on it. */
export class FakeSystemd implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'keelson-test-'));
  readonly #children: ChildProcess[] = [];

  get socket(): string {
    return join(this.#folder, 'bus');
  }

  static async start(): Promise<FakeSystemd> {
    const fake = new FakeSystemd();
    await fake.#start();
    return fake;
  }

  async #start(): Promise<void> {
    const config = join(this.#folder, 'bus.conf');
    writeFileSync(
      config,
      `<busconfig><type>custom</type><listen>unix:path=${this.socket}</listen>
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*"/>
<allow receive_sender="*"/><allow own="*"/></policy></busconfig>`,
    );
    this.#children.push(
      spawn('dbus-daemon', ['--nofork', '--config-file', config], { stdio: 'inherit' }),
    );
    for (let round = 0; round < 200 && !existsSync(this.socket); round++) await delay(20);
    using hierarchy = openHierarchy();
    const words = [program, `unix:path=${this.socket}`, this.#log, hierarchy.mountPoint];
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const manager = spawn('/usr/bin/python3', words, { stdio: [...stdio] });
    this.#children.push(manager);
    await once(manager.stdout ?? manager, 'data');
  }

  calls(): RecordedCall[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as RecordedCall);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.toReversed()) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #log(): string {
    return join(this.#folder, 'calls');
  }
}
