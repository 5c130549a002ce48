import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, systemClock } from '../../base/clock.ts';
import { hasCode } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { writeWhole } from '../../base/state-file.ts';
import { nameOfKey } from '../../api/client/client.ts';
import { serviceKeyOf } from '../../api/service-slices.ts';
import type { ClusterObjects } from '../cluster-objects.ts';
import type { RecordStore } from './record-store.ts';
import { recordOf, type ServiceRecord } from './service-record.ts';

interface Following {
  readonly objects: Pick<ClusterObjects, 'services' | 'endpointSlices'>;
  readonly store: RecordStore;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Keeps the records as the cluster's objects say, from the moment both are known; until then they
 * stay as they were read from disk. Returns at once.
 */
export function followRecords({ objects, store, log, signal }: Following): void {
  const { services, endpointSlices } = objects;
  const update = (key: string): void => {
    const { namespace, name } = nameOfKey(key);
    const service = services.get(namespace, name);
    if (service === undefined) store.remove(namespace, name);
    else store.set(recordOf(service, endpointSlices.find('service', key)));
  };
  const begin = (): void => {
    if (signal.aborted) return;
    const keys = services.list().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    store.retain(new Set(keys));
    services.onChange((now, before) => {
      const { metadata } = now ?? before ?? { metadata: { namespace: '', name: '' } };
      update(`${metadata.namespace ?? ''}/${metadata.name}`);
    });
    endpointSlices.onChange((now, before) => {
      for (const slice of [now, before]) {
        const key = slice === undefined ? '' : serviceKeyOf(slice);
        // Only headless Services show their endpoints, and each slice would plan them anew.
        if (key !== '' && isHeadless(objects, key)) update(key);
      }
    });
    log.info({ services: keys.length }, 'The names of the cluster are known');
  };
  void Promise.all([services.synced, endpointSlices.synced]).then(begin);
}

function isHeadless({ services }: Following['objects'], key: string): boolean {
  const { namespace, name } = nameOfKey(key);
  return services.get(namespace, name)?.spec.clusterIP === 'None';
}

const fileName = 'dns-records.json';
/** Changes are gathered: what is lost of them at a crash, the coordinator says anew. */
const savePauseMs = 5000;

/** Writes the records to the folder after they changed, until the signal is aborted. */
export async function saveRecords(
  store: RecordStore,
  folder: string,
  { log, signal }: Pick<Following, 'log' | 'signal'>,
): Promise<void> {
  let saved = store.version;
  while (!signal.aborted) {
    await sleep(systemClock, savePauseMs, signal);
    if (store.version === saved) continue;
    const { version } = store;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeWhole(join(folder, fileName), JSON.stringify([...store.all()]));
      saved = version;
    } catch (error) {
      log.warn({ err: error }, 'The names of the cluster cannot be kept on disk');
    }
  }
}

/** What an earlier process knew. A file that is damaged or not there is no error. */
export async function loadRecords(store: RecordStore, folder: string, log: Logger): Promise<void> {
  try {
    await using file = await open(join(folder, fileName), 'r');
    const { size } = await file.stat();
    if (size > limits.dnsRecordBytes) return;
    const records: unknown = JSON.parse(await file.readFile('utf8'));
    for (const record of Array.isArray(records) ? records : []) {
      if (isRecord(record)) store.set(record);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    log.warn({ err: error }, 'The names of the cluster cannot be read from disk');
  }
}

/** Our own file, which only root may write: enough to not fail on a former version's. */
function isRecord(value: unknown): value is ServiceRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { namespace, name, addresses, ports } = value as Partial<Record<string, unknown>>;
  const texts = typeof namespace === 'string' && typeof name === 'string';
  return texts && Array.isArray(addresses) && Array.isArray(ports);
}
