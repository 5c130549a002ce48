import { Buffer } from 'node:buffer';
import type { Operation } from '../driver.ts';
import type { Compare, RequestOp, TxnRequest } from './protocol.ts';

/** The transaction that does the operation, or else reads what is there instead. */
export function planWrite(operation: Operation, extra: readonly RequestOp[]): TxnRequest {
  const key = Buffer.from(operation.key);
  return {
    compare: [conditionOf(operation, key)],
    success: [actionOf(operation, key), ...extra],
    failure: [{ request_range: { key } }],
  };
}

/** A key that does not exist has the creation revision 0. */
function conditionOf(operation: Operation, key: Uint8Array): Compare {
  const [equal, greater, created, modified] = [0, 1, 1, 2];
  if (operation.kind === 'create')
    return { key, result: equal, target: created, create_revision: 0 };
  const { expected } = operation;
  if (expected === undefined) return { key, result: greater, target: created, create_revision: 0 };
  return { key, result: equal, target: modified, mod_revision: expected };
}

function actionOf(operation: Operation, key: Uint8Array): RequestOp {
  if (operation.kind === 'delete') return { request_delete_range: { key, prev_kv: true } };
  const put = { key, value: operation.value };
  const session = operation.kind === 'create' ? operation.session : undefined;
  return { request_put: session === undefined ? put : { ...put, lease: Number(session) } };
}
