import { resolve } from 'node:path';
import { DomainError } from '../base/error.ts';
import { openLog } from './log.ts';
import type { EtcdOptions } from './etcd/client.ts';
import { openSqlite } from './sqlite/sqlite-driver.ts';
import type { Store } from './store.ts';

/** Opens the embedded store in one file, made when it is missing. */
export function openEmbeddedStore(path: string): Promise<Store> {
  if (path === '') throw new DomainError('invalid', 'The path of a store is empty');
  return openLog((sink) => openSqlite(resolve(path), sink));
}

/** Opens the store in an etcd of its own, 3.4 or later, that several processes may share. */
export async function openEtcdStore(options: EtcdOptions): Promise<Store> {
  // gRPC costs megabytes that the embedded store does without.
  const { openEtcd } = await import('./etcd/etcd-driver.ts');
  return openLog((sink) => openEtcd(options, sink));
}
