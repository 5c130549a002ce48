import type { Command } from 'commander';
import { Images } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';

export function define(command: Command, cli: Cli): void {
  command.argument('<image>').action(async (image: string) => {
    const { digest } = await cli.client.call(Images.Push, { image });
    await cli.print(`${image}: digest: ${digest}\n`);
  });
}
