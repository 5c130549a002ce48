import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import type { OverlayWorld, TestPod } from '../../kernel/network/overlay-world.ts';

interface Report {
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

export interface Flow {
  readonly from: TestPod;
  readonly to: TestPod;
  readonly seconds: number;
}

/** Bits a second that the receiver of one TCP stream gets, as iperf3 counts them. */
export async function throughputOf(world: OverlayWorld, flow: Flow): Promise<number> {
  const { from, to, seconds } = flow;
  const server = world.spawn(to.namespace, 'iperf3', '-s', '-1', '--forceflush');
  const ended = once(server, 'exit');
  if (server.stdout === null) throw new Error('no standard output');
  await once(server.stdout, 'data');
  server.stdout.resume();
  const client = world.spawn(from.namespace, 'iperf3', '-c', to.ip4, '-t', `${seconds}`, '-J');
  if (client.stdout === null) throw new Error('no standard output');
  const report = (await json(client.stdout)) as Report;
  await ended;
  return report.end.sum_received.bits_per_second;
}
