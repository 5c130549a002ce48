import { open, rm } from 'node:fs/promises';
import { DomainError, hasCode } from '../base/error.ts';

/** `--cidfile`: made before the container, so that an existing one is refused in time. */
export async function reserveIdFile(
  path: string | undefined,
): Promise<AsyncDisposable & { write(id: string): Promise<void> }> {
  if (path === undefined) {
    return { write: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
  }
  const file = await openNew(path);
  let written = false;
  return {
    async write(id) {
      await file.writeFile(id);
      written = true;
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!written) await rm(path, { force: true });
    },
  };
}

async function openNew(path: string): ReturnType<typeof open> {
  try {
    return await open(path, 'wx', 0o644);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new DomainError('exists', `The id file "${path}" exists already`);
  }
}
