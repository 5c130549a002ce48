import { join } from 'node:path';
import { Ledger } from '../../../src/base/ledger.ts';
import { openLog } from '../../../src/base/log.ts';
import { Overlay } from '../../../src/network/overlay/overlay.ts';
import { defaultSettings } from '../../../src/network/overlay/overlay-settings.ts';

/** The overlay of the namespace that it is started in, which nothing but events wakes. */
const [folder = ''] = process.argv.slice(2);
const stop = new AbortController();
process.stdin.on('end', () => stop.abort()).resume();
await using ledger = await Ledger.open(join(folder, 'ledger'), 'network');
const overlay = new Overlay({
  settings: defaultSettings,
  nodeName: 'host01',
  ledger,
  log: openLog('overlay').child({}, { level: 'silent' }),
  planned: async () => undefined,
  lookMs: 3_600_000,
});
const nodeOf = (number: number) => ({
  name: `host0${number}`,
  addresses: [`192.168.61.1${number}`],
  ranges: [`10.244.1${number}.0/24`],
});
overlay.setNodes([nodeOf(1), nodeOf(2)]);
void overlay.ready.then(() => process.stdout.write('ready\n'));
await overlay.run(stop.signal);
