import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { variable } from '../read-files.ts';
import { runSession } from '../session.ts';
import { terminalSize } from '../terminal.ts';

interface Flags {
  readonly interactive?: true;
  readonly tty?: true;
  readonly detach?: true;
  readonly privileged?: true;
  readonly env: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly detachKeys: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-i, --interactive', 'keep stdin open')
    .option('-t, --tty', 'give it a terminal')
    .option('-d, --detach', 'leave it running')
    .option('-u, --user <user>', 'user name or id, with an optional group: NAME[:GROUP]')
    .option('-w, --workdir <path>', 'working folder')
    .option('--privileged', 'all capabilities')
    .option('--detach-keys <keys>', 'keys that leave it running', 'ctrl-p,ctrl-q')
    .option('-e, --env <variable>', 'environment variable', collect, [])
    .argument('<container>')
    .argument('<command...>')
    .passThroughOptions()
    .action(async (container: string, args: readonly string[], flags: Flags) => {
      const code = await runSession(cli, {
        method: Containers.Exec,
        first: { exec: execOf(container, args, flags) },
        stdin: flags.interactive === true && flags.detach !== true,
        terminal: flags.tty === true && flags.detach !== true,
        detachKeys: flags.detachKeys,
        proxySignals: false,
      });
      if (code !== undefined) process.exitCode = code;
    });
}

function execOf(container: string, args: readonly string[], flags: Flags): object {
  return {
    container,
    args,
    terminal: flags.tty === true,
    stdin: flags.interactive === true,
    env: flags.env.flatMap((entry) => variable(entry)),
    working_dir: flags.workdir ?? '',
    user: flags.user ?? '',
    privileged: flags.privileged === true,
    size: flags.tty === true ? terminalSize() : undefined,
    detach: flags.detach === true,
  };
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
