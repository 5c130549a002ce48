import { DomainError } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import { isJsonObject, type JsonObject } from '../json.ts';

/**
 * Applies lines of a Dockerfile to an image configuration's `config`, as `docker commit --change`
 * does: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR. Throws DomainError
 * `invalid`, or `unsupported` for other instructions.
 */
export function applyChanges(config: JsonObject, changes: readonly string[]): JsonObject {
  return changes.reduce<JsonObject>((result, change) => applyChange(result, change), config);
}

function applyChange(config: JsonObject, change: string): JsonObject {
  const [, word = '', rest = ''] = /^\s*([A-Za-z]+)\s+([^\0]*\S)\s*$/.exec(change) ?? [];
  const instruction = word.toUpperCase();
  switch (instruction) {
    case 'CMD':
      return { ...config, Cmd: commandOf(rest) };
    case 'ENTRYPOINT':
      // As in Docker, a new entry point leaves the old command behind.
      return { ...config, Entrypoint: commandOf(rest), Cmd: null };
    case 'ENV':
      return { ...config, Env: withVariables(config['Env'], pairsOf(rest, change)) };
    case 'EXPOSE':
      return { ...config, ExposedPorts: withKeys(config['ExposedPorts'], portsOf(rest)) };
    case 'LABEL':
      return { ...config, Labels: withEntries(config['Labels'], pairsOf(rest, change)) };
    case 'STOPSIGNAL':
      return { ...config, StopSignal: rest };
    case 'USER':
      return { ...config, User: rest };
    case 'VOLUME':
      return { ...config, Volumes: withKeys(config['Volumes'], listOf(rest)) };
    case 'WORKDIR':
      return { ...config, WorkingDir: folderOf(rest, config['WorkingDir']) };
    case '':
      throw new DomainError('invalid', `Change "${shortened(change)}" is not an instruction`);
    default:
      throw new DomainError('unsupported', `Change "${shortened(instruction)}" is not supported`);
  }
}

/** The JSON form as it is, anything else by a shell. */
function commandOf(text: string): readonly string[] {
  return jsonListOf(text) ?? ['/bin/sh', '-c', text];
}

function listOf(text: string): readonly string[] {
  return jsonListOf(text) ?? wordsOf(text);
}

function jsonListOf(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    return value.every((item): item is string => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Words with quotes and backslashes as in a Dockerfile: `A="x y" B=z\ w`. */
function wordsOf(text: string): string[] {
  const words = text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) => word.replace(/"(?:[^"\\]|\\.)*"|'[^']*'|\\./g, unquoted));
}

function unquoted(part: string): string {
  if (part.startsWith('"')) return part.slice(1, -1).replace(/\\(["\\$])/g, '$1');
  return part.startsWith("'") ? part.slice(1, -1) : part.slice(1);
}

/** `A=1 B=2`, or the old form `A the rest`. */
function pairsOf(text: string, change: string): [string, string][] {
  const words = wordsOf(text);
  if (words[0]?.includes('=') !== true) {
    const [, name = '', value] = /^(\S+)\s+([^]*)$/.exec(text) ?? [];
    if (value === undefined) {
      throw new DomainError('invalid', `Change "${shortened(change)}" has no value`);
    }
    return [[name, value]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals > 0) return [word.slice(0, equals), word.slice(equals + 1)];
    throw new DomainError('invalid', `Change "${shortened(change)}" needs NAME=VALUE`);
  });
}

function withVariables(before: unknown, pairs: readonly [string, string][]): string[] {
  const variables: string[] = Array.isArray(before) ? before.map(String) : [];
  for (const [name, value] of pairs) {
    const index = variables.findIndex((variable) => variable.startsWith(`${name}=`));
    variables.splice(index === -1 ? variables.length : index, 1, `${name}=${value}`);
  }
  return variables;
}

function portsOf(text: string): string[] {
  return wordsOf(text).map((word) => {
    const [, port, protocol = 'tcp'] = /^([0-9]{1,5})(?:\/(tcp|udp|sctp))?$/.exec(word) ?? [];
    if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) {
      return `${port}/${protocol}`;
    }
    throw new DomainError('invalid', `Port "${shortened(word)}" is not valid`);
  });
}

function withKeys(before: unknown, keys: readonly string[]): JsonObject {
  return withEntries(
    before,
    keys.map((key) => [key, {}]),
  );
}

function withEntries(before: unknown, entries: readonly [string, unknown][]): JsonObject {
  const known = isJsonObject(before) ? Object.entries(before) : [];
  return Object.fromEntries([...known, ...entries]);
}

function folderOf(path: string, before: unknown): string {
  if (path.startsWith('/')) return path;
  const parent = typeof before === 'string' && before !== '' ? before : '/';
  return `${parent.replace(/\/$/, '')}/${path}`;
}
