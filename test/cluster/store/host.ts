/** A program that opens a store and serves it to its parent: what the faults are aimed at. */
import { DomainError, isDomainError, messageOf } from '../../../src/base/error.ts';
import { openEmbeddedStore, openEtcdStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';
import type { HostCall, HostNews, HostOptions } from './host-message.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as HostOptions;
const store =
  'path' in options
    ? await openEmbeddedStore(options.path)
    : await openEtcdStore({ endpoints: options.endpoints });
tell({ kind: 'opened', revision: store.revision });
void store.failed.then(() => process.exit(1));
process.on('message', (call: HostCall) => void serve(store, call));
process.on('disconnect', () => process.exit(0));

async function serve(store: Store, call: HostCall): Promise<void> {
  if (call.kind === 'watch') return watch(store, call);
  try {
    tell({ kind: 'answer', id: call.id, value: await act(store, call) });
  } catch (error) {
    const kind = isDomainError(error) ? error.kind : 'invalid';
    tell({ kind: 'failure', id: call.id, failure: { kind, message: messageOf(error) } });
  }
}

async function act(store: Store, call: Exclude<HostCall, { kind: 'watch' }>): Promise<unknown> {
  const { key = '', value = new Uint8Array(), expected = 0, revision } = call;
  const past = revision === undefined ? {} : { revision };
  if (call.kind === 'create') return store.create(key, value);
  if (call.kind === 'update') return store.update(key, value, { expected });
  if (call.kind === 'delete') return (await store.delete(key, { expected })).deletedAt;
  if (call.kind === 'get') return store.get(key, past);
  if (call.kind === 'current') return store.currentRevision();
  if (call.kind === 'compact') return store.compact(expected);
  if (call.kind === 'lead') {
    const session = await store.openSession({ timeToLiveSeconds: 2 });
    return store.create(key, value, { session });
  }
  if (call.kind !== 'list') throw new DomainError('unsupported', call.kind);
  const after = call.after === undefined ? {} : { after: call.after };
  return store.list(key, { ...past, ...after, limit: call.limit ?? 500 });
}

async function watch(store: Store, call: HostCall & { kind: 'watch' }): Promise<void> {
  const watch = store.watch(call.prefix, { after: call.after });
  const progress = setInterval(() => {
    tell({ kind: 'progress', watch: call.watch, revision: watch.revision });
  }, 50);
  try {
    for await (const changes of watch) {
      tell({ kind: 'changes', watch: call.watch, changes });
      await new Promise((resolve) => {
        setTimeout(resolve, call.delayMs);
      });
    }
  } catch (error) {
    const kind = isDomainError(error) ? error.kind : 'invalid';
    tell({ kind: 'ended', watch: call.watch, failure: { kind, message: messageOf(error) } });
  } finally {
    clearInterval(progress);
  }
}

function tell(news: HostNews): void {
  process.send?.(news);
}
