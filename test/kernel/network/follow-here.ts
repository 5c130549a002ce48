import { createInterface } from 'node:readline';
import { followOverlay } from '../../../src/network/overlay/overlay-events.ts';

/**
 * In the namespace that it is started in: with each line of input follows the overlay anew, says
 * `ready`, and then a word for each disturbance.
 */
const [vxlan = '', underlay = '', underlayName = ''] = process.argv.slice(2);
const concern = { vxlan: Number(vxlan), underlay: Number(underlay), underlayName };
let close = (): void => undefined;

async function follow(): Promise<void> {
  await using events = await followOverlay(() => concern);
  close = () => events.close();
  process.stdout.write('ready\n');
  for await (const event of events) {
    process.stdout.write(`${'what' in event ? event.what : event.kind}\n`);
  }
}

let following = Promise.resolve();
for await (const _ of createInterface({ input: process.stdin })) {
  close();
  await following;
  following = follow();
}
close();
await following;
