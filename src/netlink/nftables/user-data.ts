import { DomainError } from '../../base/error.ts';

/**
 * Where `nft` keeps a comment: userdata of { u8 type; u8 length; value }, with a NUL at the end of
 * the text. The type of a comment differs by object (libnftnl/udata.h).
 */
export const commentType = { table: 0, chain: 0, rule: 0, set: 7, element: 0, object: 0 } as const;

const maximumBytes = 128;

/** Throws DomainError `invalid` for a comment of 128 bytes and more, as `nft` does. */
export function encodeComment(type: number, comment: string | undefined): Buffer | undefined {
  if (comment === undefined) return undefined;
  const bytes = Buffer.from(`${comment}\0`);
  if (bytes.length > maximumBytes || bytes.indexOf(0) !== bytes.length - 1) {
    throw new DomainError('invalid', `"${comment}" is too long for a comment of nftables`);
  }
  return Buffer.concat([Buffer.from([type, bytes.length]), bytes]);
}

/** Undefined when there is none, or the userdata is not in that form. */
export function decodeComment(type: number, userData: Uint8Array | undefined): string | undefined {
  if (userData === undefined) return undefined;
  for (let offset = 0; offset + 2 <= userData.length;) {
    const length = userData[offset + 1] ?? 0;
    if (offset + 2 + length > userData.length) return undefined;
    if (userData[offset] === type) {
      const bytes = Buffer.from(userData.subarray(offset + 2, offset + 2 + length));
      const end = bytes.indexOf(0);
      return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
    }
    offset += 2 + length;
  }
  return undefined;
}
