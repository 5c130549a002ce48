import { DomainError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { Flags, parseFlags, type FlagKind, type FlagTable } from './flags.ts';

export interface CommandLine {
  readonly global: Flags;
  readonly command: string;
  readonly flags: Flags;
  readonly args: readonly string[];
}

/** runc's; crun's `--cgroup-manager` says the same as `--systemd-cgroup`. */
const globalFlags = table({
  boolean: ['debug', 'systemd-cgroup', 'help|h', 'version|v'],
  string: ['root', 'log', 'log-format', 'criu', 'rootless', 'cgroup-manager'],
});

const creation = {
  boolean: ['no-pivot', 'no-new-keyring'],
  string: ['bundle|b', 'console-socket', 'pid-file', 'preserve-fds', 'pidfd-socket'],
};

const resources = [
  'blkio-weight',
  'cpu-period',
  'cpu-quota',
  'cpu-burst',
  'cpu-share',
  'cpu-rt-period',
  'cpu-rt-runtime',
  'cpuset-cpus',
  'cpuset-mems',
  'cpu-idle',
  'memory',
  'memory-reservation',
  'memory-swap',
  'kernel-memory',
  'kernel-memory-tcp',
  'pids-limit',
  'l3-cache-schema',
  'mem-bw-schema',
];

/** Every command's flags, as runc 1.1 to 1.3 have them. */
const commands: Readonly<Record<string, FlagTable>> = {
  checkpoint: table({}),
  create: table(creation),
  delete: table({ boolean: ['force|f'] }),
  events: table({ boolean: ['stats'], string: ['interval'] }),
  exec: table({
    boolean: ['tty|t', 'detach|d', 'no-new-privs', 'ignore-paused'],
    string: [
      'console-socket',
      'pidfd-socket',
      'cwd',
      'user|u',
      'process|p',
      'pid-file',
      'process-label',
      'apparmor',
      'preserve-fds',
      'cgroup',
    ],
    list: ['env|e', 'additional-gids|g', 'cap|c'],
  }),
  features: table({}),
  kill: table({ boolean: ['all|a'] }),
  list: table({ boolean: ['quiet|q'], string: ['format|f'] }),
  pause: table({}),
  ps: table({ string: ['format|f'] }),
  restore: table({}),
  resume: table({}),
  run: table({
    boolean: [...creation.boolean, 'detach|d', 'keep', 'no-subreaper'],
    string: creation.string,
  }),
  spec: table({ boolean: ['rootless'], string: ['bundle|b'] }),
  start: table({}),
  state: table({}),
  update: table({ string: ['resources|r', ...resources] }),
};

export const commandNames: readonly string[] = Object.keys(commands);

/** Throws DomainError `invalid`; what the global flags say of the log is then in `global`. */
export function parseCommandLine(words: readonly string[], global = new Flags()): CommandLine {
  const first = parseFlags(globalFlags, words);
  for (const name of Object.keys(globalFlags)) {
    for (const value of first.flags.list(name)) global.add(name, value);
  }
  const [command = '', ...rest] = first.rest;
  if (global.on('version')) return { global, command: 'version', flags: new Flags(), args: [] };
  if (global.on('help') || command === '' || command === 'help') {
    return { global, command: 'help', flags: new Flags(), args: [] };
  }
  const own = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (own === undefined) {
    const guess = nearest(command, commandNames);
    const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
    throw new DomainError('invalid', `No command "${command}"${hint}`);
  }
  // Checkpoints are refused whatever their flags are.
  if (command === 'checkpoint' || command === 'restore') {
    return { global, command, flags: new Flags(), args: rest };
  }
  return { global, command, ...named(parseInterleaved(command, own, rest)) };
}

/** `delete ID --force` works with runc too, except where further words are a program's. */
function parseInterleaved(
  command: string,
  own: FlagTable,
  words: readonly string[],
): { readonly flags: Flags; readonly rest: readonly string[] } {
  const { flags, rest } = parseFlags(own, words);
  if (command === 'exec' || command === 'ps') return { flags, rest };
  const args: string[] = [];
  let left = rest;
  while (left.length > 0) {
    args.push(left[0] ?? '');
    const next = parseFlags(own, left.slice(1));
    for (const name of Object.keys(own)) {
      for (const value of next.flags.list(name)) flags.add(name, value);
    }
    left = next.rest;
  }
  return { flags, rest: args };
}

function named({ flags, rest }: { flags: Flags; rest: readonly string[] }) {
  return { flags, args: rest };
}

/** `name|alias` words by kind. */
function table(words: Partial<Readonly<Record<FlagKind, readonly string[]>>>): FlagTable {
  const entries = Object.entries(words).flatMap(([kind, names]) =>
    names.map((word) => {
      const [name = '', ...aliases] = word.split('|');
      return [name, { kind: kind as FlagKind, aliases }] as const;
    }),
  );
  return Object.fromEntries(entries);
}
