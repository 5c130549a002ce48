import type { CgroupFolder } from './folder.ts';
import { settingTable, type Settings } from './setting.ts';

/** The values of all files in the table that the cgroup has. */
export function readSettings(folder: CgroupFolder): Settings {
  const values = Object.entries(settingTable).flatMap(([file, codec]) => {
    const text = folder.readOptional(file);
    return text === undefined ? [] : [[file, codec.parse(text)] as const];
  });
  return Object.fromEntries(values) as Settings;
}
