import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Each kubectl on the machine: `kubectl`, and those with a version in their name beside it. */
export function findPrograms(): string[] {
  const searched = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const folders = searched.flatMap((folder) => {
    const program = join(folder, 'kubectl');
    return existsSync(program) ? [dirname(realpathSync(program))] : [];
  });
  const found = folders.flatMap((folder) => {
    try {
      const names = readdirSync(folder).filter((name) => /^kubectl(\.1\.\d+)?$/.test(name));
      return names.map((name) => join(folder, name));
    } catch {
      return [];
    }
  });
  const programs = found.filter(isExecutable).map((path) => realpathSync(path));
  return [...new Set(programs)].toSorted();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
