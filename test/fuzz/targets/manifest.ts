import { limits } from '../../../src/base/limits.ts';
import { parseManifest } from '../../../src/image/manifest.ts';
import { mediaTypes } from '../../../src/image/media-type.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const descriptor = (mediaType: string): object => ({ mediaType, digest, size: 7 });

/** Manifests and indexes of a registry, in both dialects. */
export const target: FuzzTarget = {
  run(input) {
    const parsed = parseManifest(input, '');
    if (parsed.kind === 'index') {
      for (const { size } of parsed.entries) hold(Number.isSafeInteger(size), 'a size is a number');
      return;
    }
    hold(parsed.layers.length <= limits.imageLayers, 'the number of layers is bounded');
    for (const { digest, size } of [parsed.config, ...parsed.layers]) {
      hold(/^sha(256|512):[0-9a-f]+$/.test(digest), 'a digest is one');
      hold(Number.isSafeInteger(size) && size >= 0, 'a size is a size');
    }
  },
  seeds: [
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: descriptor(mediaTypes.ociConfig),
      layers: [descriptor(`${mediaTypes.ociLayer}+gzip`), descriptor(mediaTypes.ociLayer)],
      annotations: { a: 'b' },
    }),
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [
        {
          ...descriptor(mediaTypes.ociManifest),
          platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
          annotations: { 'org.opencontainers.image.ref.name': 'x' },
        },
      ],
    }),
    JSON.stringify({ schemaVersion: 1, name: 'x', fsLayers: [{ blobSum: digest }] }),
  ],
  words: [...Object.values(mediaTypes), 'urls', 'subject', 'artifactType', 'mediaType', digest],
  json: true,
};
