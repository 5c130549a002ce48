import { RecordStore } from '../../../../src/network/dns/record-store.ts';
import { recordOf } from '../../../../src/network/dns/service-record.ts';
import { Zone } from '../../../../src/network/dns/zone.ts';
import { service, slice } from '../services/objects.ts';

export const domain = 'cluster.local';

/** `web` of two families and ports, headless `db` with pods of all kinds, and names elsewhere. */
export function cluster(): { store: RecordStore; zone: Zone } {
  const store = new RecordStore();
  const web = {
    clusterIPs: ['10.96.0.1', 'fd00:96::1'],
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  };
  store.set(recordOf(service(web), []));
  const pods = slice(
    [
      { addresses: ['10.244.1.2'], hostname: 'db-0' },
      { addresses: ['10.244.1.3'], hostname: 'db-1' },
      { addresses: ['10.244.1.4'] },
      { addresses: ['10.244.1.5'], hostname: 'db-3', conditions: { ready: false } },
    ],
    { ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }] },
  );
  const headless = { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 1 }] };
  store.set(recordOf(service(headless, 'db'), [pods]));
  store.set(recordOf(service({ clusterIP: 'None' }, 'empty'), []));
  const out = { type: 'ExternalName', externalName: 'Example.COM.' };
  store.set(recordOf(service(out, 'out'), []));
  const chain = { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' };
  store.set(recordOf(service(chain, 'chain'), []));
  const round = { type: 'ExternalName', externalName: 'round.default.svc.cluster.local' };
  store.set(recordOf(service(round, 'round'), []));
  const address = { type: 'ExternalName', externalName: '192.0.2.7' };
  store.set(recordOf(service(address, 'address'), []));
  return { store, zone: new Zone(store, domain) };
}
