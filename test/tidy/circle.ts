import { importsOf } from './import.ts';

/** Modules that import each other in a ring, each ring once, as `a.ts -> b.ts -> a.ts`. */
export function circlesOf(texts: ReadonlyMap<string, string>): string[] {
  const targets = new Map(
    [...texts].map(([path, text]) => [path, importsOf(path, text).map(({ target }) => target)]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at !== -1) circles.push([...way.slice(at), path].join(' -> '));
    if (at !== -1 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) follow(target, [...way, path]);
    done.add(path);
  };
  for (const path of targets.keys()) follow(path, []);
  return circles.map((circle) => `${circle.split(' ', 1)[0]}:1: imports itself: ${circle}`);
}
