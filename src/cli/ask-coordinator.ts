import { Connection } from '../api/client/connection.ts';
import { readKubeconfig } from '../api/client/kubeconfig.ts';
import { readAnswer } from '../api/client/read-answer.ts';
import type { JsonObject } from '../api/json.ts';

const adminKubeconfig = '/var/lib/keelson/coordinator/admin.kubeconfig';

/** Flags of commands that ask a coordinator. */
export interface CoordinatorFlags {
  readonly namespace: string;
  readonly kubeconfig?: string | undefined;
}

/** One GET, as who the kubeconfig says. Throws the server's refusal. */
export async function askCoordinator(
  path: string,
  flags: Pick<CoordinatorFlags, 'kubeconfig'>,
): Promise<JsonObject> {
  await using connection = await openCoordinator(flags);
  return await readAnswer(await connection.send({ method: 'GET', path }));
}

/** As who the kubeconfig says. */
export async function openCoordinator({
  kubeconfig,
}: Pick<CoordinatorFlags, 'kubeconfig'>): Promise<Connection> {
  const file = kubeconfig ?? process.env['KUBECONFIG'] ?? adminKubeconfig;
  return new Connection(await readKubeconfig(file), 'keelson');
}
