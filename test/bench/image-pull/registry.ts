import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endOf } from './process.ts';

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

/** Debian's docker-registry on a loopback port, without TLS. */
export async function startRegistry(folder: string): Promise<Registry> {
  mkdirSync(folder, { recursive: true });
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'config.yml');
  writeFileSync(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, 'data') } },
      http: { addr: host },
    }),
  );
  const server = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const registry = { host, [Symbol.asyncDispose]: () => endOf(server) };
  for (let tries = 0; tries < 100; tries += 1) {
    if (await answers(`http://${host}/v2/`)) return registry;
    await delay(100);
  }
  await endOf(server);
  throw new Error('docker-registry does not answer');
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
