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
    const run = commands[command];
    if (run === undefined) throw new DomainError('unsupported', `"${command}" is not offered`);
    const warn = (text: string): void => log.warn(text);
    await run(new Call({ client, request, line, context, warn }));
  } catch (error) {
    if (client.gone && isDomainError(error, 'unavailable')) return;
    log.fail(command, error);
    // 255 leaves the codes below to the program that would have run.
    client.exit(command === 'exec' ? 255 : 1);
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
