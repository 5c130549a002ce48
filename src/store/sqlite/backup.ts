import { Worker } from 'node:worker_threads';
import { DomainError } from '../../base/error.ts';
import type { Backup } from '../store.ts';

export interface BackupOrder {
  readonly source: string;
  readonly target: string;
}

export type BackupAnswer = { backup: Backup } | { failure: string };

/** Copies the store into one new file on a thread of its own; the writer goes on meanwhile. */
export function backUp(source: string, target: string): Promise<Backup> {
  const { promise, resolve, reject } = Promise.withResolvers<Backup>();
  const order: BackupOrder = { source, target };
  const program = new URL('./backup-thread.ts', import.meta.url);
  const worker = new Worker(program, { workerData: order, execArgv: [] });
  worker.on('message', (answer: BackupAnswer) => {
    if ('backup' in answer) resolve(answer.backup);
    else reject(new DomainError('unavailable', answer.failure));
  });
  worker.on('error', reject);
  worker.on('exit', () => reject(new DomainError('unavailable', `Backup "${target}" broke off`)));
  return promise;
}
