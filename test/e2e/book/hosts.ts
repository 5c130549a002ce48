/** The book's machines host01 and host02 on 192.168.61.0/24, as network namespaces with a cable. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';

export interface Hosts extends Disposable {
  /** The name of the namespace. */
  readonly host01: string;
  readonly host02: string;
  /** For the runtime: pods are on the book's bridge, cni0 with 10.85.0.1/16. */
  readonly flags: readonly string[];
  onHost02(command: string): Promise<string>;
}

export function makeHosts(): Hosts {
  const folder = mkdtempSync('/tmp/keelson-hosts-');
  const host01 = `keelson-book1-${process.pid}`;
  const host02 = `keelson-book2-${process.pid}`;
  for (const name of [host01, host02]) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('link', 'add', 'enp0s8', 'netns', host01, 'type', 'veth', 'peer', 'enp0s8', 'netns', host02);
  for (const [name, address] of [
    [host01, '192.168.61.11/24'],
    [host02, '192.168.61.12/24'],
  ] as const) {
    ip('-n', name, 'address', 'add', address, 'dev', 'enp0s8');
    ip('-n', name, 'link', 'set', 'enp0s8', 'up');
  }
  ip('netns', 'exec', host01, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  mkdirSync(`${folder}/net.d`);
  const leases = `${folder}/leases`;
  writeFileSync(`${folder}/net.d/100-bridge.conflist`, JSON.stringify(networkOf(leases)));
  const flags = ['--cni-config', `${folder}/net.d`, '--cni-plugins', '/opt/cni/bin:/usr/lib/cni'];
  return {
    host01,
    host02,
    flags,
    onHost02: (command) => run(['ip', 'netns', 'exec', host02, 'bash', '-c', command]),
    [Symbol.dispose]() {
      for (const name of [host01, host02]) ip('netns', 'delete', name);
      rmSync(folder, { recursive: true });
    },
  };
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args);
}

/** The plugins that a network of this kind needs. */
export const hasPlugins = ['/opt/cni/bin/bridge', '/usr/lib/cni/bridge'].some((path) =>
  existsSync(path),
);

/** The configuration of the book's lab, with ports as its first chapter publishes them. */
function networkOf(leases: string): object {
  const ranges = [[{ subnet: '10.85.0.0/16' }]];
  const routes = [{ dst: '0.0.0.0/0' }];
  const ipam = { type: 'host-local', dataDir: leases, routes, ranges };
  const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true };
  return {
    cniVersion: '1.0.0',
    name: 'crio',
    plugins: [
      { ...bridge, hairpinMode: true, ipam },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function run([program = '', ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 30_000 }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}
