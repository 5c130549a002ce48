import { readFile, rm } from 'node:fs/promises';
import { DomainError, hasCode, isDomainError } from '../../../base/error.ts';
import { writeWhole } from '../../../base/state-file.ts';
import type { Store } from '../../../store/store.ts';
import { openTokenKeys } from '../authenticate/json-web-token.ts';
import { openAuthority } from './authority.ts';

/** What all coordinators of a cluster have to have alike, by the file that holds it. */
const secrets = [
  { file: 'authority.pem', what: 'certificate authority', make: openAuthority },
  { file: 'service-account.pem', what: 'keys of tokens', make: openTokenKeys },
] as const;

const prefix = '/keelson/identity/';

/** Where a store has them. */
export const identityKeys = secrets.map(({ file }) => prefix + file);

type Secret = (typeof secrets)[number];

/**
 * Gives a coordinator's folder the authority and the keys of the cluster, which are kept in the
 * store that its coordinators share: whoever can write there is the cluster's master anyway, and a
 * further coordinator needs nothing but the store's address. The first one puts its own there, and
 * of two firsts one wins. Throws DomainError `conflict` for a folder of another cluster.
 */
export async function shareIdentity(store: Store, folder: string): Promise<void> {
  for (const secret of secrets) await share(store, folder, secret);
}

async function share(store: Store, folder: string, { file, what, make }: Secret): Promise<void> {
  const [key, path] = [prefix + file, `${folder}/${file}`];
  const own = await readIfThere(path);
  const kept =
    (await readKey(store, key)) ?? (await offer(store, key, own ?? (await made(path, make))));
  if (own === kept) return;
  if (own !== undefined) {
    const why = `"${path}" is of another cluster: its ${what} differs from the one in the store`;
    throw new DomainError('conflict', `${why}; move it away to take that of the store`);
  }
  await writeWhole(path, kept);
}

/**
 * The same for a store of this folder's own: what lies there goes into the store, so that a backup
 * has it, and a folder that has only a store takes it from there.
 */
export async function keepIdentity(store: Store, folder: string): Promise<void> {
  for (const { file, make } of secrets) {
    const [key, path] = [prefix + file, `${folder}/${file}`];
    const own = await readIfThere(path);
    const { entry } = await store.get(key);
    if (own === undefined && entry !== undefined) {
      await writeWhole(path, Buffer.from(entry.value).toString('utf8'));
      continue;
    }
    const value = Buffer.from(own ?? (await made(path, make)));
    if (own === undefined) await writeWhole(path, value.toString('utf8'));
    if (entry === undefined) await store.create(key, value);
    else if (Buffer.compare(entry.value, value) !== 0) {
      await store.update(key, value, { expected: entry.revision });
    }
  }
}

/** Made beside its place, which is for what is in the store: a start that is killed leaves none. */
async function made(path: string, make: Secret['make']): Promise<string> {
  const draft = `${path}.draft`;
  await rm(draft, { force: true });
  await make(draft);
  const text = await readFile(draft, 'utf8');
  await rm(draft);
  return text;
}

async function offer(store: Store, key: string, text: string): Promise<string> {
  try {
    await store.create(key, Buffer.from(text));
    return text;
  } catch (error) {
    if (!isDomainError(error, 'exists')) throw error;
    return (await readKey(store, key)) ?? text;
  }
}

async function readKey(store: Store, key: string): Promise<string | undefined> {
  const { entry } = await store.get(key);
  return entry === undefined ? undefined : Buffer.from(entry.value).toString('utf8');
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
}
