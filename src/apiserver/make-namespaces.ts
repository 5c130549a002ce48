import { findKind } from '../api/kinds.ts';
import { ApiError } from '../api/status.ts';
import type { Api } from './api.ts';
import { ownWrites } from './own-writes.ts';
import { createObject } from './verb/create.ts';

const firstNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Makes those that every cluster has, unless they are there. */
export async function makeNamespaces(api: Api): Promise<void> {
  const kind = findKind('v1', 'Namespace');
  if (kind === undefined) throw new Error('no kind Namespace');
  for (const name of firstNamespaces) {
    const object = { metadata: { name } };
    await createObject(api, { kind, namespace: '', object }, ownWrites).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    });
  }
}
