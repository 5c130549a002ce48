import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { runSession } from '../session.ts';
import { terminalSize } from '../terminal.ts';

interface Flags {
  readonly stdin: boolean;
  readonly sigProxy: boolean;
  readonly detachKeys: string;
}

interface Inspected {
  readonly Config: { readonly Tty: boolean; readonly OpenStdin: boolean };
  readonly State: { readonly Status: string };
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--no-stdin', 'do not send input')
    .option('--no-sig-proxy', 'keep signals here')
    .option('--detach-keys <keys>', 'keys that leave it running', 'ctrl-p,ctrl-q')
    .argument('<container>')
    .action(async (container: string, flags: Flags) => {
      const { Config, State } = await inspect(cli, container);
      if (State.Status !== 'running') {
        throw new DomainError(
          'conflict',
          `Container "${container}" is not running (${State.Status})`,
        );
      }
      const stdin = flags.stdin && Config.OpenStdin;
      const code = await runSession(cli, {
        method: Containers.Attach,
        first: { attach: { container, stdin, size: terminalSize() } },
        stdin,
        terminal: Config.Tty,
        detachKeys: flags.detachKeys,
        proxySignals: flags.sigProxy,
      });
      if (code !== undefined) process.exitCode = code;
    });
}

async function inspect(cli: Cli, container: string): Promise<Inspected> {
  const { json } = await cli.client.call(Containers.Inspect, { container });
  return JSON.parse(Buffer.from(json).toString()) as Inspected;
}
