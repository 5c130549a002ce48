import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EtcdServer, startEtcd } from '../store/etcd-server.ts';

/** One whose disk is memory: a busy machine's real one stops for seconds, and leaders with it. */
export async function startEtcdInMemory(): Promise<EtcdServer> {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  return await startEtcd({ folder: await mkdtemp(join(parent, 'keelson-etcd-')) });
}

/** As `--store` wants it. */
export function storeOf({ endpoint }: EtcdServer): string {
  return endpoint.replace(/^http/, 'etcd');
}
