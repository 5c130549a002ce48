import { limits } from '../../base/limits.ts';
import { Refusal } from './refusal.ts';
import { podOf, type StreamPlace, type StreamSource } from './serve-stream.ts';

/** `run/NAMESPACE/POD/CONTAINER?cmd=…`: what a command prints; it is split at its spaces. */
export async function runCommand(
  { pods, runtime }: StreamSource,
  place: Omit<StreamPlace, 'verb'>,
): Promise<Buffer> {
  const { metadata } = podOf(pods, place);
  const id = pods.containerId(metadata.uid, place.container);
  if (id === undefined) throw new Refusal(500, `container not found ("${place.container}")`);
  const command = (place.query.get('cmd') ?? '').split(' ').filter((word) => word !== '');
  if (command.length === 0) throw new Refusal(400, 'cmd is required');
  const {
    stdout,
    stderr,
    exit_code: code,
  } = await runtime.execSync(id, command, limits.kubeletRunSeconds);
  const output = Buffer.concat([stdout, stderr]);
  if (code === 0) return output;
  throw new Refusal(
    500,
    `command '${command.join(' ')}' exited with ${code}: ${output.toString()}`,
  );
}
