import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../../src/base/error.ts';
import { limits } from '../../src/base/limits.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, type JsonObject, parseObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { networkOf } from '../../src/netlink/prefix.ts';

/** A network of type `overlay`, checked. */
export interface OverlayConfiguration {
  /** Written by the network agent. */
  readonly networkFile: string;
  /**
   * How a pod is attached: by the plugin `ptp` or `bridge`, or, as `proxy`, with an address of its
   * own alone, its neighbours being answered for by the host.
   */
  readonly attach: 'ptp' | 'bridge' | 'proxy';
  readonly bridge: string;
  readonly dataFolder: string;
}

/** What the agent knows of the node's network by now. */
export interface NodeRanges {
  readonly ranges: readonly string[];
  readonly mtu: number;
}

/** Throws CniError 7. */
export function parseConfiguration({ config }: PluginRequest): OverlayConfiguration {
  const fields = new Fields(config, 'the overlay configuration');
  const text = fields.string('attach') || 'ptp';
  const attach = (['ptp', 'bridge', 'proxy'] as const).find((name) => name === text);
  if (attach === undefined) return fields.fail('attach', 'is not "ptp", "bridge" or "proxy"');
  const path = (key: string, usual: string) => {
    const value = fields.string(key) || usual;
    return value.startsWith('/') ? value : fields.fail(key, 'is not an absolute path');
  };
  return {
    networkFile: path('networkFile', '/run/keelson/network.json'),
    attach,
    bridge: fields.string('bridge') || 'keelson0',
    dataFolder: path('dataDir', '/var/lib/keelson/pod-addresses'),
  };
}

/** A runtime that starts with the machine asks before the agent has spoken to the coordinator. */
const waitMs = 5000;
const pollMs = 50;

/** What the agent has written, waiting a while for it. Throws CniError 11. */
export async function waitForRanges(path: string, signal: AbortSignal): Promise<NodeRanges> {
  for (let waited = 0; ; waited += pollMs) {
    const found = readRanges(path);
    if (found !== undefined) return found;
    if (waited >= waitMs || signal.aborted) throw unknownRanges(CniCode.tryAgainLater, path);
    await delay(pollMs);
  }
}

/** For STATUS. Throws CniError 50. */
export function requireRanges(path: string): NodeRanges {
  const found = readRanges(path);
  if (found !== undefined) return found;
  throw unknownRanges(CniCode.notAvailable, path);
}

function unknownRanges(code: number, path: string): CniError {
  const words = 'This node has no range of pod addresses yet';
  return new CniError(code, words, `there is no "${path}": is \`keelson network\` running?`);
}

/** Undefined when there is none. Throws CniError 7 for a damaged one. */
export function readRanges(path: string): NodeRanges | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const what = `"${path}"`;
  const fields = new Fields(parseObject(text.slice(0, limits.cniDocumentBytes), what), what);
  const ranges = fields.strings('ranges').map(networkOf);
  if (ranges.length === 0) fields.fail('ranges', 'is empty');
  return { ranges, mtu: fields.index('mtu') ?? 0 };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** All addresses there are: DEL and GC release whatever a pod has, of a former range too. */
const everything = { ranges: ['0.0.0.0/0', '::/0'], mtu: 0 };

/** The configuration of the plugins that do the work, with what the runtime said to us. */
export function delegateConfig(
  request: PluginRequest,
  configuration: OverlayConfiguration,
  { ranges, mtu }: NodeRanges = everything,
): JsonObject {
  const { attach, bridge, dataFolder } = configuration;
  const passed = Object.entries(request.config).filter(([key]) => passedOn.test(key));
  const six = ranges.some((range) => range.includes(':'));
  const four = ranges.some((range) => !range.includes(':'));
  const defaults = [...(four ? ['0.0.0.0/0'] : []), ...(six ? ['::/0'] : [])];
  return {
    ...Object.fromEntries(passed),
    type: attach,
    ...(attach === 'bridge' && { bridge, isGateway: true, hairpinMode: true }),
    ...(mtu > 0 && { mtu }),
    ipam: {
      type: 'host-local',
      dataDir: dataFolder,
      ranges: ranges.map((subnet) => [{ subnet }]),
      routes: attach === 'proxy' ? [] : defaults.map((dst) => ({ dst })),
    },
  };
}

const passedOn = /^(cniVersion|name|dns|args|runtimeConfig|prevResult|cni\.dev\/.*)$/;
