import { importsOf } from './import.ts';
import { importsAllowed } from './layers.ts';

const maximumFileLines = 300;
const maximumLineLength = 100;
const vagueNames = /^(utils?|helpers?|common|misc|manager|shared)$/;

/** All breaches of the house style (CONTRIBUTING.md) in one file, as `path:line: what`. */
export function breachesOf(path: string, text: string): string[] {
  return [...nameBreaches(path), ...lengthBreaches(path, text), ...importBreaches(path, text)];
}

function nameBreaches(path: string): string[] {
  const name = (path.split('/').at(-1) ?? '').replace(/(\.test)?\.[a-z]+$/, '');
  if (vagueNames.test(name)) return [`${path}:1: a file is named after one noun or verb`];
  if (!/^[a-z0-9-]+$/.test(name)) return [`${path}:1: file names are lower case with dashes`];
  return [];
}

function lengthBreaches(path: string, text: string): string[] {
  const lines = text.split('\n');
  const breaches = lines.flatMap((line, index) =>
    line.length > maximumLineLength && !line.includes('https://')
      ? [`${path}:${index + 1}: line of ${line.length} characters (${maximumLineLength} allowed)`]
      : [],
  );
  if (lines.length > maximumFileLines + 1) {
    breaches.push(`${path}:1: ${lines.length - 1} lines (${maximumFileLines} allowed)`);
  }
  return breaches;
}

function importBreaches(path: string, text: string): string[] {
  if (!/^(src|cni-plugins)\//.test(path)) return [];
  return importsOf(path, text)
    .filter(({ target }) => !importsAllowed(path, target))
    .map(({ target, line }) => {
      const where = `${path}:${line}`;
      return `${where}: may not import ${target} (see ARCHITECTURE.md, who may import whom)`;
    });
}
