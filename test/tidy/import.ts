import { dirname, join, normalize } from 'node:path';

export interface Import {
  /** The file's path in the repository. */
  readonly target: string;
  readonly line: number;
}

/** The files of the project that a module names, for its types too. */
export function importsOf(path: string, text: string): Import[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)];
  return specifiers.map((match) => ({
    target: normalize(join(dirname(path), match[1] ?? '')),
    line: text.slice(0, match.index).split('\n').length,
  }));
}
