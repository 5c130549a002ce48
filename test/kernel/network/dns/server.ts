import { systemClock } from '../../../../src/base/clock.ts';
import { openLog } from '../../../../src/base/log.ts';
import { HttpClient } from '../../../../src/api/client/http-client.ts';
import {
  followClusterObjects,
  openClusterObjects,
} from '../../../../src/network/cluster-objects.ts';
import { runDns } from '../../../../src/network/dns/run-dns.ts';

/** The DNS server of the namespace that it is started in, where no coordinator answers. */
const [folder = '', upstream = ''] = process.argv.slice(2);
const log = openLog('dns').child({}, { level: 'error' });
const stop = new AbortController();
process.stdin.on('end', () => stop.abort()).resume();
await using client = new HttpClient({ server: 'https://127.0.0.1:1' }, 'dns');
const objects = openClusterObjects({ client, clock: systemClock, log });
await Promise.all([
  followClusterObjects(objects, stop.signal),
  runDns({
    objects,
    addresses: ['10.96.0.10', 'fd00:96::a'],
    upstreams: [{ address: upstream, port: 53 }],
    folder,
    log,
    signal: stop.signal,
    onReady: () => void process.stdout.write('ready\n'),
  }),
]);
