import { plugins } from '../../cni-plugins/registry.ts';
import { messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { builtinInvoker } from '../cni/builtin-invoker.ts';
import type { NetworkConfiguration } from '../cni/configuration.ts';
import { Journal } from '../cni/journal.ts';
import { Network } from '../cni/network.ts';
import { undoInterrupted } from '../cni/perform.ts';
import { ResultCache } from '../cni/result-cache.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import { validAttachments } from './cni-problems.ts';
import { readCniState } from './cni-state.ts';
import { journalFolder } from './open-resident.ts';

/** A network with the plugins as this machine's runtime calls them. */
export function networkFor(config: RuntimeConfig, network: NetworkConfiguration): Network {
  const folders = config.cniPlugins.split(':').filter(Boolean);
  const journal = new Journal(journalFolder(config));
  return new Network(network, {
    invoke: builtinInvoker({ plugins, journal })(folders),
    cache: new ResultCache(config.cniCache),
  });
}

/**
 * Removes what is left of attachments whose namespace is gone, as after a reboot, and of ADDs whose
 * process was killed. Attachments of other runtimes stay: what counts is that their namespace is
 * there. Gives one line for each failure.
 */
export async function collectCni(config: RuntimeConfig): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(limits.cniCallMs);
  const invoke = builtinInvoker({ plugins });
  const journal = new Journal(journalFolder(config));
  const problems = [...(await undoInterrupted(plugins, { journal, invoke, signal }))];
  const state = await readCniState(config);
  for (const network of state.networks) {
    try {
      const valid = validAttachments(state, network.name);
      await networkFor(config, network).collectGarbage(valid, signal);
    } catch (error) {
      problems.push(`network "${network.name}": ${messageOf(error)}`);
    }
  }
  return problems;
}
