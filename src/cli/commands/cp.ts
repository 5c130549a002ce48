import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import type { Cli } from '../cli.ts';
import { copyFromContainer, type CopyFlags } from '../copy-from-container.ts';
import { copyToContainer } from '../copy-to-container.ts';

export function define(command: Command, cli: Cli): void {
  command
    .option('-a, --archive', "keep owners; else they are who calls, or the container's root")
    .option('-L, --follow-link', 'copy what a link at the end of the source leads to')
    .argument('<source>', 'CONTAINER:PATH or a path; - is an archive on stdin')
    .argument('<target>', 'CONTAINER:PATH or a path; - is an archive on stdout')
    .action((source: string, target: string, flags: CopyFlags) => {
      const [from, to] = [parsePlace(source), parsePlace(target)];
      if (from !== undefined && to === undefined) {
        return copyFromContainer(cli, from, { ...flags, target });
      }
      if (from === undefined && to !== undefined) {
        return copyToContainer(cli, to, { ...flags, source });
      }
      throw new DomainError('invalid', 'One of the two places is CONTAINER:PATH, the other is not');
    });
}

/** `CONTAINER:PATH`; what begins with `.` or `/` is a path of the host, colons and all. */
function parsePlace(text: string): { container: string; path: string } | undefined {
  const [, container, path] = /^([^./:-][^/:]*):(.+)$/s.exec(text) ?? [];
  return container === undefined || path === undefined ? undefined : { container, path };
}
