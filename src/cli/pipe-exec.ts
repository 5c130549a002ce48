import { DomainError } from '../base/error.ts';
import { Containers, type SessionInput } from '../cri/generated/keelson.ts';
import type { Draft } from '../cri/message.ts';
import type { Cli } from './cli.ts';
import { printable } from './format.ts';

const keptErrorBytes = 4096;

export interface PipeRequest {
  readonly container: string;
  readonly args: readonly string[];
  readonly input?: AsyncIterable<Uint8Array>;
}

/**
 * Runs a program in a container between two streams: yields its output, and throws with the first
 * line of its errors when it fails.
 */
export async function* pipeExec(cli: Cli, request: PipeRequest): AsyncGenerator<Uint8Array> {
  const program = request.args[0] ?? '';
  let errors = '';
  for await (const output of cli.client.both(Containers.Exec, inputsOf(request))) {
    if (output.stdout !== undefined) yield output.stdout;
    if (output.stderr !== undefined && errors.length < keptErrorBytes) {
      errors += Buffer.from(output.stderr).toString();
    }
    if (output.failure !== undefined) throw new DomainError('conflict', output.failure.message);
    if (output.exit_code === undefined) continue;
    if (output.exit_code === 0) return;
    const [line = ''] = errors.trim().split('\n');
    const why = line === '' ? `ended with ${output.exit_code}` : printable(line);
    throw new DomainError('conflict', `${program} in container "${request.container}": ${why}`);
  }
  throw new DomainError('unavailable', 'The runtime went away');
}

async function* inputsOf(request: PipeRequest): AsyncGenerator<Draft<SessionInput>> {
  const { container, args, input } = request;
  yield { exec: { container, args, stdin: input !== undefined } };
  for await (const stdin of input ?? []) yield { stdin: Buffer.from(stdin) };
  yield { stdin_closed: true };
}
