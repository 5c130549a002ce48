import { parseImageRecord, parseReferenceRecord } from '../../../src/image/store/image-record.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const digest = `sha256:${'c'.repeat(64)}`;

/** The image store's files, after a disk has lost part of them. */
export const target: FuzzTarget = {
  run(input) {
    for (const parse of [parseImageRecord, parseReferenceRecord]) {
      const document = documentOf(input);
      if (document === undefined) return;
      try {
        const { key } = parse(document);
        hold(typeof key === 'string', 'a record has a key');
      } catch (error) {
        // The store leaves such a file aside, whatever the words; a TypeError is a mistake of ours.
        if (!(error instanceof Error) || error.constructor === TypeError) throw error;
        if (error.message.startsWith('broken promise')) throw error;
      }
    }
  },
  seeds: [
    JSON.stringify({
      id: digest,
      createdAtMs: 1,
      pinned: false,
      manifest: { mediaType: 'x', digest },
      layers: [{ diffId: digest, chainId: digest, blobDigest: digest, unpackedBytes: 5 }],
      config: { architecture: 'amd64', os: 'linux', env: ['A=b'], labels: { a: 'b' } },
    }),
    JSON.stringify({ name: 'docker.io/library/x:1', imageId: digest }),
  ],
  words: ['layers', 'config', 'diffId', digest],
  json: true,
};

function documentOf(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString()) as unknown;
  } catch {
    return undefined;
  }
}
