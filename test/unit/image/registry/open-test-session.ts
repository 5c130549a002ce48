import type { Digest } from '../../../../src/image/image.ts';
import type { RegistryCredentials } from '../../../../src/image/image-service.ts';
import { parseReference } from '../../../../src/image/reference.ts';
import { openSession, type Session } from '../../../../src/image/registry/session.ts';
import { openTransport, type Transport } from '../../../../src/image/registry/transport.ts';
import { defaultImageSettings, type ImageSettings } from '../../../../src/image/settings.ts';

export const testSettings: ImageSettings = {
  ...defaultImageSettings,
  certsFolder: '',
  dockerConfig: '',
  stallTimeoutMs: 1000,
  dialTimeoutMs: 2000,
};

export interface TestSession extends AsyncDisposable {
  readonly session: Session;
  readonly settings: ImageSettings;
  readonly transport: Transport;
}

export interface TestSessionOptions {
  readonly settings?: Partial<ImageSettings>;
  readonly credentials?: RegistryCredentials;
  readonly action?: 'pull' | 'push';
  readonly signal?: AbortSignal;
}

export function openTestSession(name: string, options: TestSessionOptions = {}): TestSession {
  const { settings: changes, action = 'pull', ...others } = options;
  const settings = { ...testSettings, ...changes };
  const transport = openTransport(() => settings);
  const reference = parseReference(name);
  return {
    session: openSession({ transport, settings, reference, action, ...others }),
    settings,
    transport,
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

export function asDescriptor(blob: { readonly digest: string; readonly size: number }): {
  mediaType: string;
  digest: Digest;
  size: number;
} {
  return { mediaType: 'application/octet-stream', digest: blob.digest as Digest, size: blob.size };
}
