import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, type JsonObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { parsePrefix } from '../../src/netlink/ip.ts';

/** What one direction may carry; seen from the pod, as the annotations of Kubernetes have it. */
export interface RateLimit {
  readonly rateBits: number;
  /** Absent when the rate decides. */
  readonly burstBits?: number;
}

/** Which peers the limits are for; addresses are those of the other end. */
export interface Scope {
  readonly kind: 'all' | 'only' | 'except';
  readonly prefixes: readonly string[];
}

export interface BandwidthConfiguration {
  /** Towards the pod. */
  readonly ingress?: RateLimit;
  /** From the pod. */
  readonly egress?: RateLimit;
  readonly scope: Scope;
  /** How long a packet may wait. */
  readonly latencyMs: number;
}

/** What the reference has built in. */
const defaultLatencyMs = 25;
const longestLatencyMs = 60_000;
/** Linux counts a bucket in 32 bits. */
const burstLimitBits = 0xffffffff * 8;
const maximumSubnets = 128;
const rateFields = ['ingressRate', 'ingressBurst', 'egressRate', 'egressBurst'] as const;

/**
 * Limits of the configuration itself go before those of the runtime, all four together.
 * Throws CniError 7.
 */
export function parseConfiguration(request: PluginRequest): BandwidthConfiguration {
  const { config } = request;
  const fields = new Fields(config, 'the bandwidth configuration');
  const fixed = rateFields.some((name) => config[name] !== undefined);
  const given = new Fields(request.runtimeConfig, 'runtimeConfig').object('bandwidth');
  const limits = fixed ? limitsIn(config) : limitsIn(given ?? {}, withoutEndlessBurst);
  const latencyMs = fields.index('latencyMs') ?? defaultLatencyMs;
  if (latencyMs < 1 || latencyMs > longestLatencyMs) {
    fields.fail('latencyMs', `is not between 1 and ${longestLatencyMs}`);
  }
  return { ...limits, latencyMs, scope: scopeIn(fields) };
}

type Limits = Pick<BandwidthConfiguration, 'ingress' | 'egress'>;

function limitsIn(document: JsonObject, adjust = (limit: RateLimit) => limit): Limits {
  const fields = new Fields(document, 'the bandwidth');
  const ingress = limitOf(fields.index('ingressRate'), fields.index('ingressBurst'));
  const egress = limitOf(fields.index('egressRate'), fields.index('egressBurst'));
  return {
    ...(ingress !== undefined && { ingress: adjust(ingress) }),
    ...(egress !== undefined && { egress: adjust(egress) }),
  };
}

function limitOf(rateBits = 0, burstBits = 0): RateLimit | undefined {
  if (rateBits === 0 && burstBits === 0) return undefined;
  if (rateBits === 0) refuse('if burst is set, rate must also be set');
  if (rateBits < 8) refuse(`a rate of ${rateBits} bits a second is less than a byte`);
  if (burstBits >= burstLimitBits) refuse('burst cannot be more than 4GB');
  return { rateBits, ...(burstBits > 0 && { burstBits }) };
}

/**
 * Runtimes say "no burst wanted" with the greatest number they have (containerd: 2^32 - 1 bits),
 * which lets 512 MiB pass at full speed. What exceeds a second of the rate is no burst.
 */
function withoutEndlessBurst({ rateBits, burstBits = 0 }: RateLimit): RateLimit {
  return burstBits === 0 || burstBits > rateBits ? { rateBits } : { rateBits, burstBits };
}

function scopeIn(fields: Fields): Scope {
  const only = fields.strings('shapedSubnets').map(checkedPrefix);
  const except = fields.strings('unshapedSubnets').map(checkedPrefix);
  if (only.length > 0 && except.length > 0) {
    refuse('unshapedSubnets and shapedSubnets cannot be both specified');
  }
  if (only.length + except.length > maximumSubnets) refuse(`over ${maximumSubnets} subnets`);
  if (only.length > 0) return { kind: 'only', prefixes: only };
  if (except.length > 0) return { kind: 'except', prefixes: except };
  return { kind: 'all', prefixes: [] };
}

function checkedPrefix(text: string): string {
  try {
    parsePrefix(text);
    return text;
  } catch {
    return refuse(`bad subnet "${text}"`);
  }
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
