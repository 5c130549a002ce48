import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Where plugins come from: this project, or Debian's containernetworking-plugins. */
export type Maker = 'ours' | 'reference';
export type Place = 'host' | 'pod' | 'beyond';

export interface Outcome {
  readonly exitCode: number | null;
  readonly document: Record<string, unknown> | undefined;
}

export interface Call {
  readonly verb: string;
  readonly input: object;
  readonly environment?: Readonly<Record<string, string>>;
}

export const referenceFolder = '/usr/lib/cni';
const ourPlugins = fileURLToPath(new URL('../../cni-plugins/main.ts', import.meta.url));
const places: readonly Place[] = ['host', 'pod', 'beyond'];
let made = 0;

/**
 * A host of its own with one pod and a machine beyond it, each a network namespace. Plugins run
 * inside the host's, in IPv4 and IPv6: `10.77.0.0/24` has the pod, `10.78.0.0/24` the machine.
 */
export class TestHost implements Disposable {
  readonly #id = `kt-${process.pid}-${++made}`;
  readonly #children: ChildProcess[] = [];
  readonly containerId = this.#id;

  constructor() {
    for (const place of places) {
      ip('netns', 'add', this.name(place));
      // The first packets of IPv6 would wait until duplicate address detection is over.
      this.sysctl(place, 'net.ipv6.conf.default.accept_dad', '0');
    }
    const pod = { host: 'veth-pod', other: 'pod', addresses: ['10.77.0', 'fd77:'] } as const;
    const beyond = { host: 'uplink', other: 'beyond', addresses: ['10.78.0', 'fd78:'] } as const;
    for (const { host, other, addresses } of [pod, beyond]) {
      this.ip(
        'host',
        'link',
        'add',
        host,
        ...words(`type veth peer name eth0 netns ${this.name(other)}`),
      );
      this.#configure(
        'host',
        host,
        addresses.map((prefix) => address(prefix, 1)),
      );
      this.#configure(
        other,
        'eth0',
        addresses.map((prefix) => address(prefix, 2)),
      );
      for (const prefix of addresses) {
        const via = address(prefix, 1).replace(/\/.*/, '');
        this.ip(other, 'route', 'add', 'default', 'via', via);
      }
    }
    for (const place of places) this.ip(place, 'link', 'set', 'lo', 'up');
    this.sysctl('host', 'net.ipv4.ip_forward', '1');
    this.sysctl('host', 'net.ipv6.conf.all.forwarding', '1');
  }

  name(place: Place): string {
    return `${this.#id}-${place}`;
  }

  path(place: Place): string {
    return `/run/netns/${this.name(place)}`;
  }

  /** `ip -n NAMESPACE ...`. */
  ip(place: Place, ...args: string[]): string {
    return ip('-n', this.name(place), ...args);
  }

  /** A command inside a namespace, its standard output; throws when it fails. */
  exec(place: Place, command: string, ...args: string[]): string {
    return ip('netns', 'exec', this.name(place), command, ...args);
  }

  sysctl(place: Place, name: string, value?: string): string {
    const setting = value === undefined ? ['-n', name] : ['-qw', `${name}=${value}`];
    return this.exec(place, 'sysctl', ...setting).trim();
  }

  /** Starts a program that ends with the test. */
  start(place: Place, command: string, ...args: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name(place), command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }

  /** Runs a program to its end without holding up servers of this process. */
  async finish(place: Place, command: string, ...args: string[]): Promise<string> {
    const child = this.start(place, command, ...args);
    if (child.stdout === null) throw new Error('no standard output');
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return output;
  }

  /** Calls a plugin for the pod's eth0 as a runtime would. */
  call(maker: Maker, type: string, { verb, input, environment }: Call): Outcome {
    const program =
      maker === 'ours' ? [process.execPath, ourPlugins, type] : [`${referenceFolder}/${type}`];
    const { status, stdout, stderr } = spawnSync(
      'ip',
      ['netns', 'exec', this.name('host'), ...program],
      {
        env: { ...this.#environment(verb), ...environment },
        input: JSON.stringify({ name: 'net', type, ...input }),
        encoding: 'utf8',
        timeout: 120_000,
      },
    );
    if (status === null) throw new Error(`${maker} ${type} ${verb} did not end: ${stderr}`);
    const printed = stdout.trim();
    return { exitCode: status, document: printed === '' ? undefined : JSON.parse(printed) };
  }

  /** Many calls of our plugins in one process, in this order. */
  callMany(calls: readonly (Call & { readonly type: string })[]): readonly Outcome[] {
    const program = fileURLToPath(new URL('many-calls.ts', import.meta.url));
    const listed = calls.map(({ type, verb, input, environment }) => ({
      type,
      environment: { ...this.#environment(verb), ...environment },
      input: { name: 'net', type, ...input },
    }));
    const args = ['netns', 'exec', this.name('host'), process.execPath, program];
    const env = this.#environment('');
    const options = { env, input: JSON.stringify(listed), encoding: 'utf8' } as const;
    return JSON.parse(execFileSync('ip', args, options)) as Outcome[];
  }

  #environment(verb: string): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
      KEELSON_STATE: process.env['KEELSON_STATE'] ?? '/run/keelson',
      CNI_PATH: referenceFolder,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: this.containerId,
      CNI_IFNAME: 'eth0',
      CNI_NETNS: this.path('pod'),
    };
  }

  /** What a main plugin would have answered for this pod, in the shape of 0.4 and later. */
  previousResult(cniVersion = '1.0.0'): Record<string, unknown> {
    const old = cniVersion.startsWith('0');
    const mac = (place: Place, device: string) =>
      (JSON.parse(this.ip(place, '-j', 'link', 'show', device)) as { address: string }[])[0]
        ?.address;
    return {
      cniVersion,
      interfaces: [
        { name: 'veth-pod', mac: mac('host', 'veth-pod') },
        { name: 'eth0', mac: mac('pod', 'eth0'), sandbox: this.path('pod') },
      ],
      ips: [
        {
          ...(old && { version: '4' }),
          interface: 1,
          address: '10.77.0.2/24',
          gateway: '10.77.0.1',
        },
        { ...(old && { version: '6' }), interface: 1, address: 'fd77::2/64', gateway: 'fd77::1' },
      ],
      routes: [{ dst: '0.0.0.0/0', gw: '10.77.0.1' }],
      dns: {},
    };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) {
      if (child.pid !== undefined && child.exitCode === null) child.kill('SIGKILL');
    }
    for (const place of places) ip('netns', 'delete', this.name(place));
  }

  #configure(place: Place, device: string, addresses: readonly string[]): void {
    for (const one of addresses) {
      const dad = one.includes(':') ? ['nodad'] : [];
      this.ip(place, 'address', 'add', one, 'dev', device, ...dad);
    }
    this.ip(place, 'link', 'set', device, 'up');
  }
}

interface Report {
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

/** Of a frame of 1,514 bytes 1,448 are TCP's payload; what iperf3 counts, as frames. */
const framesOverPayload = 1514 / 1448;

export interface Stream {
  /** `egress` is from the pod. */
  readonly direction: 'ingress' | 'egress';
  readonly seconds: number;
  readonly to?: string;
}

/** Bits a second on the wire that one TCP stream's receiver gets, from its first byte on. */
export async function measureRate(host: TestHost, stream: Stream): Promise<number> {
  const { direction, seconds, to = '10.77.0.2' } = stream;
  const server = host.start('pod', 'iperf3', '-s', '-1', '--forceflush');
  if (server.stdout === null) throw new Error('no standard output');
  const ended = once(server, 'exit');
  await once(server.stdout, 'data');
  const args = ['-c', to, '-t', String(seconds), '-J', ...(direction === 'egress' ? ['-R'] : [])];
  const client = host.start('beyond', 'iperf3', ...args);
  if (client.stdout === null) throw new Error('no standard output');
  server.stdout.resume();
  const report = (await json(client.stdout)) as Report;
  await ended;
  return report.end.sum_received.bits_per_second * framesOverPayload;
}

/** Needs root, and Debian's plugins to compare with. */
export const skip =
  (process.getuid?.() !== 0 && 'needs root') ||
  (!exists(`${referenceFolder}/portmap`) && 'needs containernetworking-plugins');

function exists(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

function address(prefix: string, number: number): string {
  return prefix.includes(':') ? `${prefix}:${number}/64` : `${prefix}.${number}/24`;
}

function words(text: string): string[] {
  return text.split(' ');
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
