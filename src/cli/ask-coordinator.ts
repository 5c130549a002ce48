import { Connection } from '../api/client/connection.ts';
import { readKubeconfig } from '../api/client/kubeconfig.ts';
import { readAnswer } from '../api/client/read-answer.ts';
import type { JsonObject } from '../api/json.ts';

const adminKubeconfig = '/var/lib/keelson/coordinator/admin.kubeconfig';

/** Flags of commands that ask a coordinator. */
export interface CoordinatorFlags {
  readonly namespace: string;
  readonly kubeconfig?: string;
}

/** One GET, as who the kubeconfig says. Throws the server's refusal. */
export async function askCoordinator(
  path: string,
  { kubeconfig }: Pick<CoordinatorFlags, 'kubeconfig'>,
): Promise<JsonObject> {
  const file = kubeconfig ?? process.env['KUBECONFIG'] ?? adminKubeconfig;
  await using connection = new Connection(await readKubeconfig(file), 'keelson');
  return await readAnswer(await connection.send({ method: 'GET', path }));
}
