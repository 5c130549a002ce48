import { readFileSync } from 'node:fs';
import { hasCode } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { isObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';

const path = '/etc/cni/tuning/allowlist.conf';

/** Where the administrator lists patterns, every sysctl must match one. Throws CniError 7. */
export function refuseUnlisted({ config }: PluginRequest, file = path): void {
  const patterns = read(file);
  if (patterns === undefined) return;
  const args = config['args'];
  const cni = isObject(args) && isObject(args['cni']) ? args['cni'] : {};
  const names = [config['sysctl'], cni['sysctl']].flatMap((one) =>
    isObject(one) ? Object.keys(one) : [],
  );
  const unlisted = names.find((name) => !patterns.some((pattern) => matches(pattern, name, file)));
  if (unlisted === undefined) return;
  throw new CniError(
    CniCode.invalidConfiguration,
    `Sysctl ${unlisted} is not allowed. Only the following sysctls are allowed: ` +
      `[${patterns.join(' ')}]`,
  );
}

function read(file: string): readonly string[] | undefined {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.trim()).filter((line) => line !== '');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function matches(pattern: string, name: string, file: string): boolean {
  try {
    return new RegExp(pattern).test(name);
  } catch (error) {
    const problem = `"${pattern}" in "${file}" is no pattern`;
    throw new CniError(CniCode.invalidConfiguration, problem, String(error));
  }
}
