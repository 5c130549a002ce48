import { createHash } from 'node:crypto';
import { DomainError } from '../base/error.ts';
import type { Digest } from './image.ts';

const pattern = /^sha256:[0-9a-f]{64}$/;
const otherAlgorithm = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** The digest that a string is; DomainError `invalid`, or `unsupported` for other algorithms. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  if (otherAlgorithm.test(text) && !text.startsWith('sha256:')) {
    throw new DomainError('unsupported', `Digest "${shortened(text)}" is not a sha256 digest`);
  }
  throw new DomainError('invalid', `"${shortened(text)}" is not a digest`);
}

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return digestOfHash(createHash('sha256').update(bytes));
}

export function digestOfHash(hash: { digest(encoding: 'hex'): string }): Digest {
  return `sha256:${hash.digest('hex')}`;
}

/** The 64 hexadecimal digits. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/**
 * The chain id of every layer, bottom first (OCI image specification, "Layer ChainID"): it names
 * the layer's content together with everything below it.
 */
export function chainIdsOf(diffIds: readonly Digest[]): Digest[] {
  const chainIds: Digest[] = [];
  for (const diffId of diffIds) {
    const parent = chainIds.at(-1);
    chainIds.push(parent === undefined ? diffId : digestOf(`${parent} ${diffId}`));
  }
  return chainIds;
}

/** Untrusted text for a message: bounded, and without control characters. */
export function shortened(text: string, maximum = 128): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > maximum ? `${plain.slice(0, maximum)}…` : plain;
}
