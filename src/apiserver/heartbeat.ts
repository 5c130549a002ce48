import { equal, isList, isObject, type Json, type JsonObject, objectIn } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';

/**
 * Whether a change only says that somebody is still there: it may reach the disk late, and a crash
 * may lose it. A new holder of a lease, or a condition that changed, may not be lost.
 */
export function isHeartbeat(kind: Kind, old: JsonObject, object: JsonObject): boolean {
  if (kind.builtIn === 'Lease') return equal(withoutRenewal(old), withoutRenewal(object));
  return kind.builtIn === 'Node' && equal(withoutBeat(old), withoutBeat(object));
}

function withoutRenewal(lease: JsonObject): JsonObject {
  const { renewTime: _time, ...spec } = objectIn(lease, 'spec');
  return { ...withoutManagers(lease), spec };
}

function withoutBeat(node: JsonObject): JsonObject {
  const status = objectIn(node, 'status');
  const { conditions } = status;
  const others = isList(conditions) ? conditions.map(withoutTime) : null;
  return { ...withoutManagers(node), status: { ...status, conditions: others } };
}

function withoutTime(condition: Json): Json {
  if (!isObject(condition)) return condition;
  const { lastHeartbeatTime: _time, ...rest } = condition;
  return rest;
}

/** They tell when somebody last wrote, which is the beat itself. */
function withoutManagers(object: JsonObject): JsonObject {
  const metadata = objectIn(object, 'metadata');
  const { managedFields: _fields, resourceVersion: _revision, ...rest } = metadata;
  return { ...object, metadata: rest };
}
