import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { readFile } from 'node:fs/promises';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { isUnreachable, readFailure, wasNeverSent, writeFailure } from './failure.ts';
import {
  type KeepAliveStream,
  loadServices,
  type RangeRequest,
  type RangeResponse,
  type Services,
  type StatusResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchStream,
} from './protocol.ts';

/** Members of one cluster, and files with PEM for TLS when their URLs are `https`. */
export interface EtcdOptions {
  /** `http://10.0.0.1:2379` or `https://…`, all with the same scheme. */
  readonly endpoints: readonly string[];
  readonly certificateAuthorityFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
}

/** gRPC makes these at run time: (request, metadata, options, callback). */
type Unary = (...parameters: readonly unknown[]) => void;
type Duplex = () => unknown;
type Stubs = Record<keyof Services, Client>;

const channelOptions = {
  'grpc.max_receive_message_length': limits.storeMessageBytes,
  'grpc.max_send_message_length': limits.storeMessageBytes,
  // A member that is cut off without a word is noticed after these two, not after TCP's minutes.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

export async function connectEtcd(options: EtcdOptions): Promise<EtcdClient> {
  if (options.endpoints.length === 0) throw new DomainError('invalid', 'No etcd endpoint is given');
  return new EtcdClient(options.endpoints.map(parseEndpoint), await credentialsOf(options));
}

/** Calls one member of the cluster and, when it cannot be reached, the next. */
export class EtcdClient implements Disposable {
  readonly #members: readonly { address: string; stubs: Stubs }[];
  #present = 0;

  constructor(addresses: readonly string[], security: ReturnType<typeof credentials.createSsl>) {
    const services = loadServices();
    this.#members = addresses.map((address) => ({
      address,
      stubs: {
        KV: new services.KV(address, security, channelOptions),
        Watch: new services.Watch(address, security, channelOptions),
        Lease: new services.Lease(address, security, channelOptions),
        Maintenance: new services.Maintenance(address, security, channelOptions),
      },
    }));
  }

  [Symbol.dispose](): void {
    for (const { stubs } of this.#members) for (const stub of Object.values(stubs)) stub.close();
  }

  /** The member in use, for messages. */
  get where(): string {
    return this.#member().address;
  }

  range(request: RangeRequest): Promise<RangeResponse> {
    return this.#read('KV', 'Range', request) as Promise<RangeResponse>;
  }

  /** Throws DomainError `timeout` when nobody knows whether it happened. */
  async transact(key: string, request: TxnRequest): Promise<TxnResponse> {
    try {
      return (await this.#write('KV', 'Txn', request)) as TxnResponse;
    } catch (error) {
      throw writeFailure(error, this.where, key);
    }
  }

  async compact(revision: number): Promise<void> {
    await this.#write('KV', 'Compact', { revision });
  }

  status(): Promise<StatusResponse> {
    return this.#read('Maintenance', 'Status', {}) as Promise<StatusResponse>;
  }

  async grantLease(id: number, timeToLiveSeconds: number): Promise<void> {
    await this.#read('Lease', 'LeaseGrant', { ID: id, TTL: timeToLiveSeconds });
  }

  async revokeLease(id: number): Promise<void> {
    await this.#read('Lease', 'LeaseRevoke', { ID: id });
  }

  openWatch(): WatchStream {
    return this.#stream('Watch', 'Watch') as WatchStream;
  }

  openKeepAlive(): KeepAliveStream {
    return this.#stream('Lease', 'LeaseKeepAlive') as KeepAliveStream;
  }

  /** Sets calls upon the next member; what runs on the present one goes on. */
  turnToNext(): void {
    this.#present = (this.#present + 1) % this.#members.length;
  }

  async #read(service: keyof Services, method: string, request: object): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call(service, method, request);
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        const { where } = this;
        this.turnToNext();
        if (attempt >= this.#members.length) throw readFailure(error, where);
      }
    }
  }

  async #write(service: keyof Services, method: string, request: object): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call(service, method, request);
      } catch (error) {
        if (isUnreachable(error)) this.turnToNext();
        if (!wasNeverSent(error) || attempt >= this.#members.length) throw error;
      }
    }
  }

  #call(service: keyof Services, method: string, request: object): Promise<unknown> {
    const stub = this.#member().stubs[service];
    const call = Reflect.get(stub, method) as Unary;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const deadline = Date.now() + limits.storeAnswerMs;
    const answer = (error: ServiceError | null, response: unknown): void => {
      if (error === null) resolve(response);
      else reject(error);
    };
    Reflect.apply(call, stub, [request, new Metadata(), { deadline }, answer]);
    return promise;
  }

  #stream(service: keyof Services, method: string): unknown {
    const stub = this.#member().stubs[service];
    return (Reflect.get(stub, method) as Duplex).call(stub);
  }

  #member(): { address: string; stubs: Stubs } {
    const member = this.#members[this.#present];
    if (member === undefined) throw new DomainError('invalid', 'No etcd endpoint is given');
    return member;
  }
}

function parseEndpoint(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    const wanted = 'it is not like "http://127.0.0.1:2379"';
    throw new DomainError('invalid', `Cannot use the etcd endpoint "${text}": ${wanted}`);
  }
  return `${url.hostname}:${url.port === '' ? '2379' : url.port}`;
}

async function credentialsOf(
  options: EtcdOptions,
): Promise<ReturnType<typeof credentials.createSsl>> {
  const secure = options.endpoints.filter((endpoint) => endpoint.startsWith('https:'));
  if (secure.length === 0) return credentials.createInsecure();
  if (secure.length < options.endpoints.length) {
    throw new DomainError('invalid', 'etcd endpoints are either all https or all http');
  }
  const files = [options.certificateAuthorityFile, options.keyFile, options.certificateFile];
  const [ca, key, certificate] = await Promise.all(files.map(readPem));
  return credentials.createSsl(ca ?? null, key ?? null, certificate ?? null);
}

async function readPem(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DomainError('invalid', `Cannot read the certificate file "${path}"`, { cause });
  }
}
