import { execFileSync, spawnSync } from 'node:child_process';
import { netlink } from '../../../../src/index.ts';
import { skip, type TestNamespace } from '../namespace.ts';

const hasNft = spawnSync('nft', ['--version']).status === 0;

/** Why tests with `nft` as the second opinion are skipped. */
export const skipReason = skip || (hasNft ? (false as const) : 'nft is not installed');

/** What `nft` says a namespace holds: its own words, and the instructions of each rule. */
export function listed(space: TestNamespace, ...options: string[]): string {
  return space.exec('nft', ...options, 'list', 'ruleset');
}

/** The same rules loaded by `nft` itself into a namespace of its own. */
export function loaded(space: TestNamespace, script: string): void {
  execFileSync('ip', ['netns', 'exec', space.name, 'nft', '-f', '-'], { input: script });
}

export async function open(space: TestNamespace): Promise<netlink.Connection> {
  return netlink.open({ namespace: space.path, protocol: 'netfilter' });
}

export const inet = { family: 'inet', table: 'keelson' } as const;
export const ip = { family: 'ip', table: 'nat' } as const;
