import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { hasCode } from '../../src/base/error.ts';
import { namesIn } from '../../src/base/names-in.ts';
import type { Owner } from './lease-folder.ts';

/** An address of a network that is given out. */
export interface Lease extends Owner {
  readonly address: string;
  readonly givenAtMs: number;
}

/** All leases of one network, without its lock: one that comes or goes meanwhile may be missed. */
export function readLeases(dataFolder: string, network: string): readonly Lease[] {
  const folder = join(dataFolder, network);
  return addressesIn(folder).flatMap((address) => {
    const path = join(folder, address);
    try {
      const [containerId = '', interfaceName = ''] = readFileSync(path, 'utf8')
        .trim()
        .split(/\r?\n/);
      return [{ address, containerId, interfaceName, givenAtMs: statSync(path).mtimeMs }];
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  });
}

function addressesIn(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => isIP(name) !== 0);
}
