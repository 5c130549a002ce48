import { connect } from 'node:http2';
import { decode, encode } from '../../grpc/codec.ts';
import type { Message } from '../../grpc/message.ts';
import type { Outcome } from './outcome.ts';

interface HealthCheckRequest {
  service: string;
}

interface HealthCheckResponse {
  status: number;
}

const HealthCheckRequest: Message<HealthCheckRequest> = {
  name: 'HealthCheckRequest',
  fields: () => [[1, 'service', 'string', 'plain']],
};

const HealthCheckResponse: Message<HealthCheckResponse> = {
  name: 'HealthCheckResponse',
  fields: () => [[1, 'status', 'int32', 'plain']],
};

export interface GrpcTarget {
  readonly host: string;
  readonly port: number;
  readonly service: string;
}

const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const serving = 1;
const longestAnswer = 1024;

/** Asks grpc.health.v1.Health about a service, without TLS. */
export function probeGrpc(target: GrpcTarget, timeoutMs: number): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const address = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const session = connect(`http://${address}`);
  const timer = setTimeout(() => {
    const what = `failed to connect service "${address}" within ${timeoutMs / 1000}s`;
    end({ ok: false, output: `timeout: ${what}: context deadline exceeded` });
  }, timeoutMs);
  const end = (outcome: Outcome) => {
    clearTimeout(timer);
    resolve(outcome);
    session.destroy();
  };
  session.on('error', (error) => {
    end({ ok: false, output: `service unhealthy (${address}): ${error.message}` });
  });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'kube-probe/1.33',
  });
  stream.on('error', () => undefined);
  let status = '';
  let body = Buffer.alloc(0);
  const learn = (headers: Readonly<Record<string, string | string[] | number | undefined>>) => {
    const code = headers['grpc-status'];
    if (code !== undefined && code !== '0') {
      status = `error: rpc error: code = ${String(code)} desc = ${String(headers['grpc-message'])}`;
    }
  };
  stream.on('response', learn).on('trailers', learn);
  stream.on('data', (part: Buffer) => {
    body = Buffer.concat([body, part]).subarray(0, longestAnswer);
  });
  stream.once('end', () => end(status === '' ? outcomeOf(body) : { ok: false, output: status }));
  const message = encode(HealthCheckRequest, { service: target.service });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
  return promise;
}

function outcomeOf(body: Buffer): Outcome {
  try {
    const { status } = decode(HealthCheckResponse, body.subarray(5));
    if (body.length >= 5 && status === serving) return { ok: true, output: 'service healthy' };
    const word = statuses[status] ?? String(status);
    return { ok: false, output: `service unhealthy (responded with "${word}")` };
  } catch {
    return { ok: false, output: 'service unhealthy (its answer is no HealthCheckResponse)' };
  }
}
