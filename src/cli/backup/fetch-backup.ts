import { createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readAnswer } from '../../api/client/read-answer.ts';
import { backupPath } from '../../apiserver/serve-backup.ts';
import { DomainError } from '../../base/error.ts';
import { type CoordinatorFlags, openCoordinator } from '../ask-coordinator.ts';

export interface Fetched {
  readonly revision: string;
  readonly sizeBytes: number;
}

/**
 * Writes a running coordinator's backup to a file, whole or not at all, on the disk when it
 * resolves. Throws DomainError `exists` for a file that is there.
 */
export async function fetchBackup(
  file: string,
  flags: Pick<CoordinatorFlags, 'kubeconfig'>,
): Promise<Fetched> {
  if (existsSync(file)) throw new DomainError('exists', `"${file}" exists already`);
  await using connection = await openCoordinator(flags);
  const request = { method: 'GET', path: backupPath, isPatient: true } as const;
  const answer = await connection.send(request);
  if (answer.code !== 200) await readAnswer(answer);
  const unfinished = `${file}.unfinished`;
  await rm(unfinished, { force: true });
  try {
    await pipeline(answer.body, createWriteStream(unfinished, { flags: 'wx', mode: 0o600 }));
    const { size } = await stat(unfinished);
    const expected = Number(answer.headers['content-length']);
    if (size !== expected) {
      throw new DomainError('unavailable', `${size} of ${expected} bytes came`);
    }
    await sync(unfinished);
    await rename(unfinished, file);
    await sync(dirname(file));
    return { revision: String(answer.headers['keelson-revision']), sizeBytes: size };
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
