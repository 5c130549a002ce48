import { readdirSync } from 'node:fs';
import { hasCode } from './error.ts';

/** The names in a folder, in no order; none where the folder is not there. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
