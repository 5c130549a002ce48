import type { Command } from 'commander';
import { defaultConfigPath } from '../../base/config-path.ts';
import { durationMs } from '../../base/duration.ts';
import { DomainError } from '../../base/error.ts';
import { readConfig } from '../../base/settings.ts';
import type { Cli } from '../cli.ts';
import { parseCoordinatorConfig } from '../coordinator-config.ts';
import { invite } from '../up/invite.ts';
import { firstAddress } from '../up/read-options.ts';

interface Flags {
  readonly kubeconfig?: string;
  readonly host?: string;
  readonly ttl: string;
  readonly token?: string;
  readonly output: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('--kubeconfig <path>', "the administrator's (default: $KUBECONFIG, or this machine's)")
    .option('--host <address>', "how the machine will reach the API (default: this machine's)")
    .option('--ttl <time>', 'how long the token is good: 30m, 24h', '24h')
    .option('--token <token>', 'one that was agreed on before: abcdef.0123456789abcdef')
    .option('-o, --output <format>', 'line, or json', 'line')
    .action(async (flags: Flags) => {
      const text = await readConfig(defaultConfigPath, false);
      const config = parseCoordinatorConfig(text, process.env, {});
      const own = `${config.root}/admin.kubeconfig`;
      const host = flags.host ?? (config.advertiseAddress || firstAddress());
      if (host === undefined) throw new DomainError('invalid', 'Say by --host where the API is');
      const invitation = await invite(flags.kubeconfig ?? process.env['KUBECONFIG'] ?? own, {
        host,
        token: flags.token,
        lifetimeMs: millisecondsOf(flags.ttl),
      });
      const isJson = flags.output === 'json';
      await cli.print(isJson ? JSON.stringify(invitation) : `${invitation.line}\n`);
    });
}

function millisecondsOf(time: string): number {
  const ms = /^[1-9]\d{0,5}\D$/.test(time) ? durationMs(time) : undefined;
  if (ms !== undefined) return ms;
  throw new DomainError('invalid', `--ttl is "${time}", not a number with s, m, h or d`);
}
