import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore } from '../../src/store/open.ts';
import { startEtcd } from '../cluster/store/etcd-server.ts';
import type { Bench } from './bench.ts';

const clients = 16;
const valueBytes = 1_024;
const seconds = 3;

/**
 * Both stores lie on the disk of the temporary folder and acknowledge what is synced. Ours runs in
 * the process of its callers, as in the API server. etcd gets the same creations over one HTTP/2
 * connection, encoded by hand, so that its client costs it as little as may be.
 */
const bench: Bench = {
  question: 'How many durable creates of 1 KiB a second do 16 clients get?',
  prepare: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-bench-'));
    const store = await openEmbeddedStore(join(folder, 'store.db'));
    const etcd = await startEtcd({ folder: join(folder, 'etcd') });
    const session = connect(etcd.endpoint);
    const value = Buffer.alloc(valueBytes, 'v');
    const ours = { name: 'keelson', run: () => load((key) => store.create(key, value)) };
    const peer = { name: 'etcd', run: () => load((key) => createInEtcd(session, key, value)) };
    return {
      cases: [{ case: '', unit: 'creates/s', ours, peers: [peer], rounds: 5 }],
      [Symbol.asyncDispose]: async () => {
        session.destroy();
        await store[Symbol.asyncDispose]();
        await etcd[Symbol.asyncDispose]();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

export default bench;

let keys = 0;

/** The rate at which all clients together get their creations acknowledged. */
async function load(create: (key: string) => Promise<unknown>): Promise<number[]> {
  let done = 0;
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const client = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await create(`/registry/pods/default/pod-${String(++keys).padStart(9, '0')}`);
      done++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return [done / ((performance.now() - startMs) / 1_000)];
}

/** `Txn`: if the key's creation revision is 0, put it. */
function createInEtcd(session: ClientHttp2Session, key: string, value: Buffer): Promise<void> {
  const name = Buffer.from(key);
  // Compare{target = CREATE, key, create_revision = 0}; EQUAL is the default of `result`.
  const compare = Buffer.concat([Buffer.of(0x10, 1), field(3, name), Buffer.of(0x28, 0)]);
  const put = field(2, Buffer.concat([field(1, name), field(2, value)]));
  const message = Buffer.concat([field(1, compare), field(2, put)]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const request = session.request({
    ':method': 'POST',
    ':path': '/etcdserverpb.KV/Txn',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  request.end(Buffer.concat([head, message]));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let answer: Buffer = Buffer.alloc(0);
  let status: unknown;
  request.on('data', (data: Buffer) => {
    answer = answer.length === 0 ? data : Buffer.concat([answer, data]);
  });
  request.on('trailers', (trailers) => {
    status = trailers['grpc-status'];
  });
  request.on('error', reject);
  request.on('close', () => {
    if (status === '0' && hasSucceeded(answer)) resolve();
    else reject(new Error(`etcd did not create ${key}: status ${String(status)}`));
  });
  return promise;
}

/** TxnResponse: `header` is field 1, then `succeeded` is field 2. */
function hasSucceeded(answer: Buffer): boolean {
  const header = answer[6] ?? 0;
  return answer[7 + header] === 0x10 && answer[8 + header] === 1;
}

/** A length-delimited field of protobuf. */
function field(number: number, content: Buffer): Buffer {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.of((number << 3) | 2, ...length, rest), content]);
}
