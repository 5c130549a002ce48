import type { Command } from 'commander';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { parseRestart, resourcesOf } from '../create-request.ts';
import { forEachName } from '../each.ts';
import { parseSize, parseWhole } from '../parse.ts';
import { addBlockIoFlags, type RunFlags } from '../run-flags.ts';

export function define(command: Command, cli: Cli): void {
  addBlockIoFlags(command);
  command
    .option('--cpus <number>', 'processors it may use')
    .option('--cpu-shares <number>', 'share of processor time')
    .option('--cpu-period <microseconds>', 'period of the processor quota')
    .option('--cpu-quota <microseconds>', 'processor time in each period')
    .option('--cpuset-cpus <list>', 'processors to run on')
    .option('--cpuset-mems <list>', 'memory nodes to use')
    .option('-m, --memory <size>', 'memory limit')
    .option('--memory-swap <size>', 'memory and swap together')
    .option('--memory-reservation <size>', 'memory to keep under pressure')
    .option('--pids-limit <number>', 'processes and threads')
    .option('--restart <policy>', 'no, on-failure[:N], always or unless-stopped')
    .argument('<container...>')
    .action((names: readonly string[], flags: Partial<RunFlags>) => {
      const { pidsLimit, memoryReservation, restart } = flags;
      const change = {
        resources: resourcesOf(flags),
        pids_limit: pidsLimit === undefined ? undefined : parseWhole(pidsLimit, '--pids-limit', -1),
        memory_reservation_bytes:
          memoryReservation === undefined
            ? undefined
            : parseSize(memoryReservation, '--memory-reservation'),
        restart: restart === undefined ? undefined : parseRestart(restart),
      };
      return forEachName(cli, names, async (container) => {
        await cli.client.call(Containers.Update, { container, ...change });
        return undefined;
      });
    });
}
