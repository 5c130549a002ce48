import { readFileSync } from 'node:fs';
import type { ResultDns } from '../../src/cni/result.ts';

/** The resolver's settings in a file like /etc/resolv.conf, resolv.conf(5). */
export function readResolvConf(path: string): ResultDns {
  return parseResolvConf(readFileSync(path, 'utf8'));
}

export function parseResolvConf(text: string): ResultDns {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line))
    .map((line) => line.split(/\s+/));
  const valuesOf = (keyword: string) =>
    lines.filter(([first]) => first === keyword).flatMap(([, ...values]) => values);
  const domain = valuesOf('domain').at(-1);
  return {
    nameservers: valuesOf('nameserver'),
    ...(domain !== undefined && { domain }),
    search: valuesOf('search'),
    options: valuesOf('options'),
  };
}
