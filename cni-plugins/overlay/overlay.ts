import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import type { Verb } from '../../src/cni/invocation.ts';
import { decodeResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import {
  delegateConfig,
  type NodeRanges,
  type OverlayConfiguration,
  parseConfiguration,
  requireRanges,
  waitForRanges,
} from './configuration.ts';
import { proxy } from './proxy.ts';

/**
 * A node's pods in the cluster's network: attached by `ptp`, `bridge` or by themselves, with
 * addresses of the node's own ranges, which the network agent knows. Routes to other nodes are the
 * agent's business.
 */
export const overlay: CniPlugin = {
  type: 'overlay',
  specVersions,

  async add(request, signal) {
    const configuration = parseConfiguration(request);
    const ranges = await waitForRanges(configuration.networkFile, signal);
    const { attach } = configuration;
    if (attach === 'proxy') return await proxy.add(inside(request, configuration, ranges), signal);
    const config = delegateConfig(request, configuration, ranges);
    const document = await request.delegate({ verb: 'ADD', type: attach, config }, signal);
    return decodeResult(document ?? {}, request.specVersion);
  },

  async delete(request, signal) {
    await pass('DEL', request, signal);
  },

  async check(request, signal) {
    await pass('CHECK', request, signal);
  },

  async status(request, signal) {
    const configuration = parseConfiguration(request);
    const ranges = requireRanges(configuration.networkFile);
    await pass('STATUS', request, signal, ranges);
  },

  async collectGarbage(request, signal) {
    await pass('GC', request, signal);
  },
};

const methods = { DEL: 'delete', CHECK: 'check', STATUS: 'status', GC: 'collectGarbage' } as const;

/** None of these needs the agent, but STATUS: a pod can be removed whatever has become of it. */
// oxlint-disable-next-line max-params -- a plugin's own two, and what to do
async function pass(
  verb: Extract<Verb, keyof typeof methods>,
  request: PluginRequest,
  signal: AbortSignal,
  ranges?: NodeRanges,
): Promise<void> {
  const configuration = parseConfiguration(request);
  const { attach } = configuration;
  if (attach === 'proxy') {
    await proxy[methods[verb]](inside(request, configuration, ranges), signal);
    return;
  }
  const config = delegateConfig(request, configuration, ranges);
  await request.delegate({ verb, type: attach, config }, signal);
}

function inside(
  request: PluginRequest,
  configuration: OverlayConfiguration,
  ranges: NodeRanges | undefined,
): PluginRequest {
  return { ...request, config: delegateConfig(request, configuration, ranges) };
}
