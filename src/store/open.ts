import { resolve } from 'node:path';
import { DomainError } from '../base/error.ts';
import { openLog } from './log.ts';
import { openSqlite } from './sqlite/sqlite-driver.ts';
import type { Store } from './store.ts';

/** Opens the embedded store in one file, made when it is missing. */
export function openEmbeddedStore(path: string): Promise<Store> {
  if (path === '') throw new DomainError('invalid', 'The path of a store is empty');
  return openLog((sink) => openSqlite(resolve(path), sink));
}
