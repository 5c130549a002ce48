import { CniCode, CniError } from '../src/cni/cni-error.ts';
import type { PluginRequest } from '../src/cni/plugin.ts';
import type { NetworkResult } from '../src/cni/result.ts';

/** What an earlier plugin of the chain made. Throws CniError 7 where there is none. */
export function previousResultOf({ previousResult }: PluginRequest): NetworkResult {
  if (previousResult !== undefined) return previousResult;
  const problem = 'missing prevResult from earlier plugin: must be called as chained plugin';
  throw new CniError(CniCode.invalidConfiguration, problem);
}
