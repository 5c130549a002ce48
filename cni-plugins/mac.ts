import { randomBytes } from 'node:crypto';
import { CniCode, CniError } from '../src/cni/cni-error.ts';
import { Fields, isObject } from '../src/cni/json.ts';
import type { PluginRequest } from '../src/cni/plugin.ts';

/**
 * A random address of the kind that nobody sells (locally administered, for one station). Chosen
 * here rather than by the kernel, so that a result needs no second look.
 */
export function randomMac(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfe) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * The address that is asked for: CNI_ARGS (`MAC`), then `args.cni.mac`, then the capability `mac`,
 * of which the later wins; then the plugin's own field. Throws CniError 4 and 7.
 */
export function requestedMac(request: PluginRequest, configured = ''): string | undefined {
  const args = request.config['args'];
  const cni = isObject(args) && isObject(args['cni']) ? args['cni'] : {};
  const text =
    new Fields(request.runtimeConfig, 'runtimeConfig').string('mac') ||
    new Fields(cni, 'args.cni').string('mac') ||
    (request.args.get('MAC') ?? '') ||
    configured;
  return text === '' ? undefined : parseMac(text);
}

/** With colons or dashes; in small letters. Throws CniError 7. */
export function parseMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)) return mac;
  throw new CniError(CniCode.invalidConfiguration, `invalid MAC address "${text.slice(0, 100)}"`);
}

/** What plugins and the runtimes above them know; others are refused unless told to be ignored. */
const known = ['MAC', 'IP', 'GATEWAY', 'IgnoreUnknown'];

/** Throws CniError 4 for CNI_ARGS that nobody here knows, as the reference does. */
export function refuseUnknownArguments({ args }: PluginRequest): void {
  if (/^(1|true)$/i.test(args.get('IgnoreUnknown') ?? '')) return;
  const unknown = [...args].filter(([key]) => !known.includes(key) && !key.startsWith('K8S_'));
  if (unknown.length === 0) return;
  throw new CniError(
    CniCode.invalidEnvironment,
    `ARGS: unknown args ${JSON.stringify(unknown.map((pair) => pair.join('=')))}`,
  );
}
