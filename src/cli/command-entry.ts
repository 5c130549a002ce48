import type { Command } from 'commander';
import type { Cli } from './cli.ts';

/** What a file in `commands/` exports: flags, arguments and the action, on a fresh Command. */
export interface CommandModule {
  readonly define: (command: Command, cli: Cli) => void;
}

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
  /** What a failure of its own ends with; Docker's `run` and its like keep 1 for the program. */
  readonly failureCode?: number;
}
