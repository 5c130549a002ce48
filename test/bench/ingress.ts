import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../until.ts';
import { freePort } from '../unit/network/free-port.ts';
import type { Bench, BenchCase } from './bench.ts';

const clients = 64;
const seconds = 4;

/** What wrk says of some seconds at one place. */
interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/**
 * Requests through the proxy and through nginx to one backend, another nginx, and to that one
 * directly. One processor makes the load.
 */
const bench: Bench = {
  question: 'How many requests a second go through the Ingress proxy, and how late is the last %?',
  async prepare() {
    const folder = mkdtempSync(`${tmpdir()}/keelson-bench-ingress-`);
    const [backend, peer, own] = [await freePort(), await freePort(), await freePort()];
    const nginx = [
      startNginx(`${folder}/backend.conf`, `server { listen 127.0.0.1:${backend}; ${answer} }`),
      startNginx(`${folder}/peer.conf`, peerOf(peer, backend)),
    ];
    const script = fileURLToPath(new URL('ingress/serve.ts', import.meta.url));
    // As bin/keelson starts it.
    const words = ['--max-semi-space-size=4', script, String(own), `127.0.0.1:${backend}`];
    const proxy = spawn(process.execPath, words, {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(proxy.stdout, 'data');
    for (const port of [backend, peer]) await until(() => answers(port));
    return {
      cases: casesOf({ own, peer, backend }),
      async [Symbol.asyncDispose]() {
        proxy.stdin.end();
        await once(proxy, 'exit');
        for (const process of nginx) await end(process);
        rmSync(folder, { recursive: true });
      },
    };
  },
};

export default bench;

const answer = 'location / { return 200 "hello, world!\\n"; }';

function peerOf(port: number, backend: number): string {
  const upstream = `upstream web { server 127.0.0.1:${backend}; keepalive 64; }`;
  const pass = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://web;';
  return `${upstream} server { listen 127.0.0.1:${port}; location / { ${pass} } }`;
}

function startNginx(path: string, servers: string): ChildProcess {
  const lines = [
    `daemon off; worker_processes 1; pid ${path}.pid; error_log stderr crit; master_process off;`,
    `events {} http { access_log off; keepalive_requests 1000000; ${servers} }`,
  ];
  writeFileSync(path, lines.join('\n'));
  return spawn('nginx', ['-p', path.slice(0, path.lastIndexOf('/')), '-c', path], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function side(name: string, port: number, what: keyof Load) {
  return { name, run: async () => [(await load(port))[what]] };
}

function casesOf(ports: {
  readonly own: number;
  readonly peer: number;
  readonly backend: number;
}): BenchCase[] {
  const cases = [
    ['requests', 'requests/s', 'perSecond'],
    ['p99', 'ms', 'p99Ms'],
  ] as const;
  return cases.map(([name, unit, what]) => ({
    case: name,
    unit,
    rounds: 3,
    ours: side('keelson', ports.own, what),
    peers: [side('nginx', ports.peer, what), side('direct', ports.backend, what)],
  }));
}

async function load(port: number): Promise<Load> {
  const words = ['-t', '1', '-c', String(clients), '-d', `${seconds}s`, '--latency'];
  const { stdout } = await promisify(execFile)('wrk', [...words, `http://127.0.0.1:${port}/`]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk: ${stdout}`);
  const [, number = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? [];
  const factor = { us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN;
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p99Ms: Number(number) * factor,
  };
}
