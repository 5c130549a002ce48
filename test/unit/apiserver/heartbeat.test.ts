import t from 'tap';
import type { JsonObject } from '../../../src/api/json.ts';
import type { Kind } from '../../../src/api/kind.ts';
import { findKind } from '../../../src/api/kinds.ts';
import { isHeartbeat } from '../../../src/apiserver/heartbeat.ts';

function kind(name: string, apiVersion: string): Kind {
  const found = findKind(apiVersion, name);
  if (found === undefined) throw new Error(name);
  return found;
}

const lease = kind('Lease', 'coordination.k8s.io/v1');
const node = kind('Node', 'v1');

function leaseOf(holderIdentity: string, renewTime: string): JsonObject {
  const managedFields = [{ time: renewTime }];
  return { metadata: { name: 'a', managedFields }, spec: { holderIdentity, renewTime } };
}

function nodeOf(status: string, lastHeartbeatTime: string): JsonObject {
  const conditions = [{ type: 'Ready', status, lastHeartbeatTime }];
  return { metadata: { name: 'n' }, status: { conditions, capacity: { cpu: '2' } } };
}

t.test('a renewed lease is a heartbeat, a new holder is not', (t) => {
  t.ok(isHeartbeat(lease, leaseOf('a', '1'), leaseOf('a', '2')));
  t.notOk(isHeartbeat(lease, leaseOf('a', '1'), leaseOf('b', '1')));
  t.notOk(isHeartbeat(lease, leaseOf('a', '1'), { ...leaseOf('a', '2'), metadata: { name: 'b' } }));
  t.end();
});

t.test("a node's times are a heartbeat, what it says is not", (t) => {
  t.ok(isHeartbeat(node, nodeOf('True', '1'), nodeOf('True', '2')));
  t.notOk(isHeartbeat(node, nodeOf('True', '1'), nodeOf('False', '2')));
  t.notOk(isHeartbeat(node, nodeOf('True', '1'), { ...nodeOf('True', '2'), spec: {} }));
  const same = nodeOf('True', '1');
  t.notOk(isHeartbeat(kind('Pod', 'v1'), same, same), 'nothing else beats');
  t.end();
});
