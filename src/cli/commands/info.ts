import type { Command } from 'commander';
import { System } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { compileTemplate } from '../template.ts';

interface Flags {
  readonly format?: string;
  readonly output?: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-f, --format <format>', 'json or a template')
    .option('-o, --output <format>', 'json')
    .action(async ({ format, output }: Flags) => {
      const { json } = await cli.client.call(System.Information, {});
      const document = JSON.parse(Buffer.from(json).toString()) as Record<string, unknown>;
      if (output === 'json' || format === 'json') {
        await cli.print(`${JSON.stringify(document, null, 2)}\n`);
      } else if (format !== undefined) {
        await cli.print(`${compileTemplate(format)(document)}\n`);
      } else {
        const lines = Object.entries(document).map(([key, value]) => `${key}: ${String(value)}\n`);
        await cli.print(lines.join(''));
      }
    });
}
