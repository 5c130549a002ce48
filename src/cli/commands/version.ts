import type { Command } from 'commander';
import { RuntimeService } from '../../cri/generated/runtime.ts';
import type { Cli } from '../cli.ts';
import { packageVersion } from '../package-version.ts';
import { compileTemplate } from '../template.ts';

interface Flags {
  readonly format?: string;
  readonly output?: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-f, --format <format>', 'json or a template')
    .option('-o, --output <format>', 'json')
    .action((flags: Flags) => show(cli, flags));
}

async function show(cli: Cli, { format, output }: Flags): Promise<void> {
  const client = { Version: packageVersion(), Node: process.version };
  const answer = await cli.client.call(RuntimeService.Version, {});
  const runtime = { Version: answer.runtime_version, ApiVersion: answer.runtime_api_version };
  const document = { Client: client, Runtime: runtime };
  if (output === 'json' || format === 'json') await cli.print(`${JSON.stringify(document)}\n`);
  else if (format !== undefined) await cli.print(`${compileTemplate(format)(document)}\n`);
  else {
    await cli.print(
      `Client:   keelson ${client.Version} (Node ${client.Node.slice(1)})\n` +
        `Runtime:  ${answer.runtime_name} ${runtime.Version} (CRI ${runtime.ApiVersion})\n`,
    );
  }
}
