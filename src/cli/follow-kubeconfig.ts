import type { ApiAddress } from '../api/client/connection.ts';
import { readKubeconfig } from '../api/client/kubeconfig.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { hasCode, messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';

const retryMs = 500;
const lookMs = 10_000;

/**
 * The server and credentials of a kubeconfig that somebody else writes, perhaps after we were
 * started: the kubelet when it has got its certificate. Why it is not there yet is logged once.
 * Undefined when the signal is aborted first.
 */
export async function waitForKubeconfig(
  path: string,
  log: Logger,
  signal: AbortSignal,
): Promise<ApiAddress | undefined> {
  let told = '';
  while (!signal.aborted) {
    try {
      return await readKubeconfig(path);
    } catch (error) {
      const words = hasCode(error, 'ENOENT') ? `waiting for "${path}"` : messageOf(error);
      if (words !== told) log.info(words);
      told = words;
    }
    await sleep(systemClock, retryMs, signal);
  }
  return undefined;
}

/** Resolves when the file has other credentials, renewed ones, or the signal is aborted. */
export async function kubeconfigChange(
  path: string,
  known: ApiAddress,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(systemClock, lookMs, signal);
    try {
      const present = await readKubeconfig(path);
      if (JSON.stringify(present) !== JSON.stringify(known)) return;
    } catch {
      // Between two of them; the ones we have are good until then.
    }
  }
}
