import { messageOf } from '../base/error.ts';
import type { Cli } from './cli.ts';

/**
 * Does the same for every name and prints each name that succeeded; failures are told one by one
 * and make the command fail, but do not keep the others from being done.
 */
export async function forEachName(
  cli: Cli,
  names: readonly string[],
  work: (name: string) => Promise<string | undefined>,
): Promise<void> {
  for (const name of names) {
    try {
      const shown = await work(name);
      await cli.print(`${shown ?? name}\n`);
    } catch (error) {
      await cli.printError(`keelson: ${messageOf(error)}\n`);
      cli.fail(1);
    }
  }
}
