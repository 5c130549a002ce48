import { loadSync } from '@grpc/proto-loader';
import {
  type ClientDuplexStream,
  type ServiceClientConstructor,
  loadPackageDefinition,
} from '@grpc/grpc-js';
import { fileURLToPath } from 'node:url';

/** What `etcd.proto` says, as its loader gives it: numbers for int64, Buffers for bytes. */
export interface Header {
  readonly revision: number;
}

export interface KeyValue {
  readonly key: Buffer;
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly value: Buffer;
}

export interface Event {
  /** 0 put, 1 delete. */
  readonly type: number;
  readonly kv: KeyValue;
  readonly prev_kv: KeyValue | null;
}

export interface RangeRequest {
  readonly key: Uint8Array;
  readonly range_end?: Uint8Array;
  readonly limit?: number;
  readonly revision?: number;
  readonly count_only?: boolean;
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface Compare {
  /** 0 equal, 1 greater. */
  readonly result: number;
  /** 1 create revision, 2 modification revision. */
  readonly target: number;
  readonly key: Uint8Array;
  readonly create_revision?: number;
  readonly mod_revision?: number;
}

export type RequestOp =
  | { readonly request_range: RangeRequest }
  | {
      readonly request_put: {
        readonly key: Uint8Array;
        readonly value: Uint8Array;
        readonly lease?: number;
      };
    }
  | { readonly request_delete_range: { readonly key: Uint8Array; readonly prev_kv: boolean } };

export interface ResponseOp {
  readonly response_range?: RangeResponse;
  readonly response_delete_range?: { readonly prev_kvs: readonly KeyValue[] };
}

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse {
  readonly header: Header;
  readonly succeeded: boolean;
  readonly responses: readonly ResponseOp[];
}

export interface WatchRequest {
  readonly create_request: {
    readonly key: Uint8Array;
    readonly range_end: Uint8Array;
    readonly start_revision: number;
    readonly prev_kv: boolean;
    readonly fragment: boolean;
  };
}

export interface WatchResponse {
  readonly header: Header;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: number;
  readonly cancel_reason: string;
  readonly fragment: boolean;
  readonly events: readonly Event[];
}

export interface StatusResponse {
  readonly version: string;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
}

export type WatchStream = ClientDuplexStream<WatchRequest, WatchResponse>;
export type KeepAliveStream = ClientDuplexStream<{ ID: number }, { TTL: number }>;

export interface Services {
  readonly KV: ServiceClientConstructor;
  readonly Watch: ServiceClientConstructor;
  readonly Lease: ServiceClientConstructor;
  readonly Maintenance: ServiceClientConstructor;
}

export function loadServices(): Services {
  const path = fileURLToPath(new URL('./etcd.proto', import.meta.url));
  const definition = loadSync(path, { keepCase: true, longs: Number, defaults: true });
  const { etcdserverpb } = loadPackageDefinition(definition);
  return etcdserverpb as unknown as Services;
}
