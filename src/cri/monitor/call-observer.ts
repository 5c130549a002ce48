import type { CallObserver } from '../grpc/grpc-server.ts';
import { statusCode } from '../../grpc/status-code.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { Tracer } from './tracer.ts';

/** Counts every call, and traces those that are to be. */
export function callObserver(metrics: RuntimeMetrics, tracer: Tracer | undefined): CallObserver {
  return ({ name, method, traceparent }) => {
    const counted = metrics.beginCall(name, method.kind === 'unary');
    const span = tracer?.begin(method.path, traceparent);
    return {
      span,
      end: ({ code, details }, subject) => {
        counted(code);
        const attributes = { 'rpc.grpc.status_code': code, ...subject };
        span?.end(code === statusCode.ok ? undefined : details, attributes);
      },
    };
  };
}
