import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { readAnswer } from '../../api/client/read-answer.ts';
import { restorePath } from '../../apiserver/serve-backup.ts';
import type { Restoration } from '../../store/restore.ts';
import { type CoordinatorFlags, openCoordinator } from '../ask-coordinator.ts';

/** Has a running coordinator restore a backup. Throws its refusal. */
export async function sendBackup(
  file: string,
  flags: Pick<CoordinatorFlags, 'kubeconfig'>,
): Promise<Restoration> {
  await access(file);
  await using connection = await openCoordinator(flags);
  const answer = await readAnswer(
    await connection.send({
      method: 'PUT',
      path: restorePath,
      contentType: 'application/vnd.sqlite3',
      body: createReadStream(file),
      isPatient: true,
    }),
  );
  return answer as unknown as Restoration;
}
