import { DomainError, isDomainError } from '../base/error.ts';
import { Call, type OciContext } from './call.ts';
import type { OciClient } from './client.ts';
import { commandNames, parseCommandLine } from './command-line.ts';
import { create, run } from './create.ts';
import { deleteContainer } from './delete.ts';
import { events } from './events.ts';
import { exec } from './exec.ts';
import { features } from './features.ts';
import { Flags } from './flags.ts';
import { pause, resume } from './freeze.ts';
import { kill } from './kill.ts';
import { OciLog } from './log-line.ts';
import { list, state } from './look.ts';
import { ps } from './processes.ts';
import type { OciRequest } from './request.ts';
import { start } from './start.ts';
import { spec } from './template.ts';
import { update } from './update.ts';

type Command = (call: Call) => Promise<void> | void;

const commands: Readonly<Record<string, Command>> = {
  checkpoint: refuseCheckpoint,
  create,
  delete: deleteContainer,
  events,
  exec,
  features,
  kill,
  list,
  pause,
  ps,
  restore: refuseCheckpoint,
  resume,
  run,
  spec,
  start,
  state,
  update,
  help,
  version,
};

/** One command, to the word that ends it: the client always learns how it ended. */
export async function perform(
  client: OciClient,
  request: OciRequest,
  context: OciContext,
): Promise<void> {
  const global = new Flags();
  const log = new OciLog(client, request.cwd, global);
  let command = '';
  try {
    const line = parseCommandLine(request.words, global);
    command = line.command;
    checkGlobals(global);
    const run = commands[command];
    if (run === undefined) throw new DomainError('unsupported', `"${command}" is not offered`);
    const warn = (text: string): void => log.warn(text);
    log.debug(`${[command, ...line.args].join(' ')}, in ${request.cwd}`);
    await run(new Call({ client, request, line, context, warn }));
    log.debug(`${command} is planned`);
  } catch (error) {
    if (client.gone && isDomainError(error, 'unavailable')) return;
    log.fail(command, error);
    // 255 leaves the codes below to the program that would have run.
    client.exit(command === 'exec' ? 255 : 1);
  }
}

/** What would be taken and not heeded is refused. */
function checkGlobals(global: Flags): void {
  const rootless = global.text('rootless') ?? 'auto';
  if (!['auto', 'false'].includes(rootless)) {
    throw new DomainError('unsupported', `--rootless=${rootless}: keelson runs as root`);
  }
  if ((global.text('criu') ?? '') !== '') {
    throw new DomainError('unsupported', '--criu: containers cannot be checkpointed by keelson');
  }
}

function refuseCheckpoint(call: Call): void {
  const why = 'containers cannot be checkpointed or restored by keelson';
  throw new DomainError('unsupported', `"${call.line.command}": ${why}`);
}

function version(call: Call): void {
  call.client.write('keelson-oci version 0.1.0\nspec: 1.0.2\n');
  call.client.exit(0);
}

function help(call: Call): void {
  call.client.write(
    `Usage: keelson oci [--root PATH] [--log PATH] [--log-format text|json] [--systemd-cgroup]\n` +
      `                   COMMAND [FLAG...] [CONTAINER] [ARGUMENT...]\n\n` +
      `Commands: ${commandNames.join(', ')}\n`,
  );
  call.client.exit(0);
}
