import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Pulled {
  readonly ms: number;
  readonly peakMiB: number;
}

const program = fileURLToPath(new URL('./pull-once.ts', import.meta.url));

/**
 * One pull into a new store by a process of its own. The store stays until the bench ends: ext4
 * takes no inode again that was freed in the last minute, and searching for others would cost
 * either side more than the pull.
 */
export async function pullWithKeelson(folder: string, name: string): Promise<Pulled> {
  const stateFolder = mkdtempSync(join(folder, 'keelson-'));
  // The option is that of bin/keelson.
  const argv = ['--max-semi-space-size=1', program, stateFolder, name];
  const output = execFileSync(process.execPath, argv, { encoding: 'utf8' });
  execFileSync('sync');
  return Promise.resolve(JSON.parse(output) as Pulled);
}
