import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import t from 'tap';
import { decodeProtobuf, openEnvelope } from '../../../src/api/decode-protobuf.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { messageType } from '../../../src/api/schema/schema.ts';
import { findPrograms } from './kubectl.ts';

const run = promisify(execFile);
const kubectls = findPrograms();
const skip = kubectls.length === 0 && 'no kubectl on this machine';

/** Stands where an API server would; keeps what was posted, answers nothing useful. */
class Recorder implements AsyncDisposable {
  readonly bodies: { type: string; body: Buffer }[] = [];
  readonly #server = createServer((request, response) => {
    void this.#keep(request).then(() => response.writeHead(503).end());
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #keep(request: IncomingMessage): Promise<void> {
    const body = await buffer(request);
    if (request.method !== 'POST') return;
    this.bodies.push({ type: request.headers['content-type'] ?? '', body });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What kubectl posts for a command. */
async function posted(kubectl: string, args: readonly string[]): Promise<Recorder['bodies']> {
  await using recorder = new Recorder();
  const server = await recorder.start();
  // It fails for want of an answer; what it sent is what counts.
  await run(kubectl, [`--server=${server}`, '--request-timeout=5s', ...args]).catch(
    () => undefined,
  );
  return recorder.bodies;
}

const commands: readonly {
  readonly args: readonly string[];
  readonly type: string;
  readonly value: JsonObject;
}[] = [
  {
    args: ['create', 'namespace', 'blue'],
    type: 'core.v1.Namespace',
    value: { metadata: { name: 'blue' }, spec: {}, status: {} },
  },
  {
    args: ['create', 'configmap', 'settings', '--from-literal=colour=blue', '--from-literal=a=b'],
    type: 'core.v1.ConfigMap',
    value: {
      metadata: { name: 'settings' },
      data: { a: 'b', colour: 'blue' },
    },
  },
  {
    args: ['auth', 'can-i', 'create', 'deployments', '--subresource=scale'],
    type: 'authorization.v1.SelfSubjectAccessReview',
    value: {
      metadata: {},
      spec: {
        resourceAttributes: {
          namespace: 'default',
          verb: 'create',
          resource: 'deployments',
          subresource: 'scale',
        },
      },
      status: { allowed: false },
    },
  },
  {
    args: ['create', 'token', 'robot', '--duration=1h', '--audience=x'],
    type: 'authentication.v1.TokenRequest',
    value: {
      metadata: {},
      spec: { audiences: ['x'], expirationSeconds: 3600 },
      status: {},
    },
  },
];

for (const kubectl of kubectls) {
  t.test(`bodies of ${basename(kubectl)} are read`, { skip }, async (t) => {
    for (const { args, type, value } of commands) {
      const bodies = (await posted(kubectl, args)).filter((body) => body.type.includes('protobuf'));
      const words = args.slice(0, 2).join(' ');
      for (const { body } of bodies) {
        const envelope = openEnvelope(body);
        t.equal(envelope.kind, type.split('.').at(-1), words);
        const decoded = decodeProtobuf(messageType(type), envelope.raw);
        t.same(decoded, value, `${words}: ${JSON.stringify(decoded)}`);
      }
      t.comment(`${words}: ${bodies.length} protobuf bodies`);
    }
  });
}
if (kubectls.length === 0) t.test('bodies of kubectl are read', { skip }, async () => undefined);
