import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import type { Cli } from '../cli.ts';
import { copyFromContainer } from '../copy-from-container.ts';
import { copyToContainer } from '../copy-to-container.ts';

export function define(command: Command, cli: Cli): void {
  command
    .description('Copy files from or to a running container; its image needs tar')
    .argument('<source>', 'CONTAINER:PATH or a path; - is an archive on stdin')
    .argument('<target>', 'CONTAINER:PATH or a path; - is an archive on stdout')
    .action((source: string, target: string) => copy(cli, source, target));
}

async function copy(cli: Cli, source: string, target: string): Promise<void> {
  const from = parsePlace(source);
  const to = parsePlace(target);
  if (from !== undefined && to === undefined) return copyFromContainer(cli, from, target);
  if (from === undefined && to !== undefined) return copyToContainer(cli, source, to);
  throw new DomainError('invalid', 'One of the two places is CONTAINER:PATH, the other is not');
}

/** `CONTAINER:PATH`; what begins with `.` or `/` is a path of the host, colons and all. */
function parsePlace(text: string): { container: string; path: string } | undefined {
  const [, container, path] = /^([^./:-][^/:]*):(.+)$/s.exec(text) ?? [];
  return container === undefined || path === undefined ? undefined : { container, path };
}
