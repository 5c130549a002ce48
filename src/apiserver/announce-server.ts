import type { ApiClient } from '../api/client/client.ts';
import { isDomainError } from '../base/error.ts';
import type { Session, Store } from '../store/store.ts';
import { publishAddresses, type ServerAddress } from './publish-address.ts';
import type { ServiceRanges } from './service-ranges.ts';

export interface Announcement {
  readonly store: Store;
  readonly client: ApiClient;
  /** This server's. */
  readonly address: ServerAddress;
  /** Where services' addresses are from. */
  readonly ranges: ServiceRanges;
  /** Told of what failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

const prefix = '/keelson/coordinators/';
/** An address of a server that died is told for so long. */
const sessionSeconds = 15;
const pauseMs = 1000;

/**
 * Names this server in the Endpoints by which pods call the API, beside the others that share the
 * store. Each has a key in the store that vanishes when its process does; whoever sees one come or
 * go writes all of them down. Resolves when this one is among them; goes on until the signal.
 */
export async function announceServer(
  announcement: Announcement,
  signal: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  let session = await register(announcement);
  let revision = await publish(announcement);
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        if (session.ended.aborted) session = await register(announcement);
        revision = await followOthers(announcement, {
          after: revision,
          signal: AbortSignal.any([signal, session.ended]),
        });
      } catch (error) {
        if (signal.aborted) break;
        announcement.failed(error);
        await pause(signal);
      }
    }
    await end(session);
  };
  return { ended: follow() };
}

async function register({ store, address }: Announcement): Promise<Session> {
  const session = await store.openSession({ timeToLiveSeconds: sessionSeconds });
  const key = keyOf(address);
  // One that was killed and started again finds its own, which goes with the old session.
  await store.delete(key).catch((error: unknown) => {
    if (!isDomainError(error, 'notFound')) throw error;
  });
  await store.create(key, Buffer.from(JSON.stringify(address)), { session });
  return session;
}

/** Returns the revision that was published. */
async function followOthers(
  announcement: Announcement,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
): Promise<number> {
  let revision = await publish(announcement);
  using watch = announcement.store.watch(prefix, { after: Math.max(after, revision), signal });
  for await (const changes of watch) {
    if (signal.aborted) break;
    if (changes.length > 0) revision = await publish(announcement);
  }
  return revision;
}

async function publish({ store, client, address, ranges }: Announcement): Promise<number> {
  const { entries, revision } = await store.list(prefix, { limit: 1000 });
  const known = entries.map(({ value }) => JSON.parse(Buffer.from(value).toString()) as never);
  await publishAddresses(client, known.length > 0 ? known : [address], ranges);
  return revision;
}

/** One that cannot be ended ends when its time is over. */
async function end(session: Session): Promise<void> {
  try {
    await session[Symbol.asyncDispose]();
  } catch {
    // As said.
  }
}

function keyOf({ address, port }: ServerAddress): string {
  return `${prefix}${address}/${port}`;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseMs);
    const stop = (): void => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
