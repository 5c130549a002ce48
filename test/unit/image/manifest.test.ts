import t, { type Test } from 'tap';
import { isDomainError, type DomainErrorKind } from '../../../src/base/error.ts';
import { limits } from '../../../src/base/limits.ts';
import { parseManifest } from '../../../src/image/manifest.ts';
import { mediaTypes } from '../../../src/image/media-type.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const config = { mediaType: mediaTypes.ociConfig, digest, size: 10 };
const layer = { mediaType: `${mediaTypes.ociLayer}+gzip`, digest, size: 20 };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [{ mediaType: mediaTypes.ociManifest, digest, size: 5 }],
};

t.test('an image manifest of either format is read', (t) => {
  const types = [
    [mediaTypes.ociManifest, mediaTypes.ociConfig, mediaTypes.ociLayer, 'none'],
    [mediaTypes.ociManifest, mediaTypes.ociConfig, `${mediaTypes.ociLayer}+zstd`, 'zstd'],
    [mediaTypes.dockerManifest, mediaTypes.dockerConfig, `${mediaTypes.dockerLayer}.gzip`, 'gzip'],
  ] as const;
  for (const [mediaType, configType, layerType, compression] of types) {
    const document = {
      ...manifest,
      mediaType,
      config: { ...config, mediaType: configType },
      layers: [{ ...layer, mediaType: layerType }],
    };
    const parsed = parse(document, mediaType);
    t.equal(parsed.kind, 'manifest');
    if (parsed.kind === 'manifest') t.equal(parsed.layers[0]?.compression, compression);
  }
  t.end();
});

t.test('a document without a type is what its content type or its fields say', (t) => {
  const { mediaType: _, ...untyped } = manifest;
  const { mediaType: __, ...untypedIndex } = index;
  t.equal(parse(untyped, mediaTypes.ociManifest).kind, 'manifest');
  t.equal(parse(untyped, 'application/json').kind, 'manifest');
  t.equal(parse(untypedIndex, 'text/plain; charset=utf-8').kind, 'index');
  t.end();
});

t.test('a document that is an index and a manifest at once is refused (CVE-2021-41190)', (t) => {
  const both = { ...manifest, manifests: index.manifests };
  refused(t, both, mediaTypes.ociManifest, 'invalid');
  refused(t, both, mediaTypes.ociIndex, 'invalid');
  refused(t, { ...index, layers: [] }, mediaTypes.ociIndex, 'invalid');
  refused(t, manifest, mediaTypes.ociIndex, 'invalid');
  refused(t, index, mediaTypes.dockerManifest, 'invalid');
  refused(t, { ...manifest, mediaType: mediaTypes.ociIndex }, '', 'invalid');
  refused(t, { ...index, mediaType: mediaTypes.ociManifest }, '', 'invalid');
  t.end();
});

t.test('foreign layers, artifacts and schema 1 are refused by name', (t) => {
  const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
  const nondistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd';
  for (const mediaType of [foreign, nondistributable]) {
    const urls = ['https://elsewhere.example/layer'];
    const document = { ...manifest, layers: [{ ...layer, mediaType, urls }] };
    refused(t, document, mediaTypes.ociManifest, 'unsupported', /foreign/);
  }
  const helm = { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' };
  refused(t, { ...manifest, config: helm }, '', 'unsupported', /artifact.*helm/);
  const artifact = { mediaType: mediaTypes.ociArtifact, blobs: [] };
  refused(t, artifact, mediaTypes.ociArtifact, 'unsupported', /artifact/);
  refused(t, { schemaVersion: 1, fsLayers: [] }, '', 'unsupported', /schema 1/);
  refused(t, { ...manifest, layers: [{ ...layer, mediaType: 'text/plain' }] }, '', 'unsupported');
  t.end();
});

t.test('what is out of bounds or of the wrong type is refused', (t) => {
  const documents: unknown[] = [
    null,
    [],
    'text',
    {},
    { ...manifest, config: null },
    { ...manifest, config: { ...config, digest: 'sha256:../../etc' } },
    { ...manifest, config: { ...config, size: -1 } },
    { ...manifest, config: { ...config, size: limits.imageConfigBytes + 1 } },
    { ...manifest, layers: {} },
    { ...manifest, layers: [null] },
    { ...manifest, layers: [{ ...layer, size: 1.5 }] },
    { ...manifest, layers: [{ ...layer, size: 2 ** 60 }] },
    { ...manifest, layers: [{ ...layer, size: '20' }] },
    { ...manifest, layers: Array.from({ length: limits.imageLayers + 1 }, () => layer) },
    { ...index, manifests: [7] },
    { ...index, manifests: [{ ...index.manifests[0], digest: 5 }] },
  ];
  for (const document of documents) refused(t, document, '', 'invalid');
  t.throws(() => parseManifest(Buffer.alloc(limits.manifestBytes + 1, ' '), ''), /too large/);
  t.throws(() => parseManifest(Buffer.from([0xff, 0xfe]), ''), /UTF-8/);
  t.throws(() => parseManifest(Buffer.from('['.repeat(100_000)), ''), /not JSON/);
  t.end();
});

t.test('attestations and signatures in an index are passed over', (t) => {
  const attestation = {
    ...index.manifests[0],
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  };
  const parsed = parse({ ...index, manifests: [attestation, ...index.manifests] }, '');
  if (parsed.kind === 'index') t.equal(parsed.entries.length, 1);
  t.end();
});

function parse(document: unknown, contentType: string): ReturnType<typeof parseManifest> {
  return parseManifest(Buffer.from(JSON.stringify(document)), contentType);
}

function refused(
  t: Test,
  document: unknown,
  ...[contentType, kind, words = /./]: [string, DomainErrorKind, RegExp?]
): void {
  const name = JSON.stringify(document).slice(0, 100);
  try {
    parse(document, contentType);
    t.fail(`accepted ${name}`);
  } catch (error) {
    t.ok(isDomainError(error, kind) && words.test(error.message), `${String(error)} for ${name}`);
  }
}
