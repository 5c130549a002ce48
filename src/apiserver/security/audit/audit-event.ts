import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type JsonObject, objectIn } from '../../../api/json.ts';
import type { ApiError } from '../../../api/status.ts';
import type { Kind } from '../../../api/kind.ts';
import { messageOf } from '../../../base/error.ts';
import { answerOf } from '../../answer.ts';
import { bodyOf, decodeBody, mediaType } from '../../read-body.ts';
import { impersonatorOf } from '../authenticate/impersonation.ts';
import { type Attributes, isPath } from '../authorize/attributes.ts';
import { infoOf } from '../review/review-identity.ts';
import type { User } from '../user.ts';
import type { AuditLevel } from './policy.ts';

/** A request whose answer is over. */
export interface Answered {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly receivedMs: number;
  /** The client's address. */
  readonly source: string;
  readonly user: User | undefined;
  readonly attributes: Attributes;
  /** Undefined for paths. */
  readonly kind: Kind | undefined;
  readonly failure: ApiError | undefined;
}

/** What holds secrets is never written down, whatever the policy says. */
const secretKinds = new Set(['Secret', 'ConfigMap', 'TokenReview']);
const secretSubresources = new Set(['token', 'proxy', 'exec', 'attach', 'portforward']);

/** One line of the audit log: an Event of `audit.k8s.io/v1`. */
export function auditEvent(answered: Answered, level: AuditLevel): JsonObject {
  const { request, response, user, attributes, failure, receivedMs, source } = answered;
  const original = impersonatorOf(request);
  const isRefused = response.statusCode === 403 && failure?.reason === 'Forbidden';
  const wanted = level === 'Request' || level === 'RequestResponse';
  const hasBodies = wanted && !isSecret(answered);
  const body = hasBodies ? requestObject(answered) : undefined;
  const answer = hasBodies && level === 'RequestResponse' ? responseObject(answered) : undefined;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: levelShown(body, answer),
    auditID: randomUUID(),
    stage: 'ResponseComplete',
    requestURI: request.url ?? '',
    verb: attributes.verb,
    user: infoOrNone(original ?? user),
    ...(original !== undefined && { impersonatedUser: infoOrNone(user) }),
    sourceIPs: [source],
    userAgent: request.headers['user-agent'] ?? '',
    ...objectReference(answered),
    responseStatus: {
      metadata: {},
      ...(failure !== undefined && {
        status: 'Failure',
        message: failure.message,
        reason: failure.reason,
      }),
      code: response.statusCode,
    },
    ...(body !== undefined && { requestObject: body }),
    ...(answer !== undefined && { responseObject: answer }),
    requestReceivedTimestamp: timeOf(receivedMs),
    stageTimestamp: timeOf(Date.now()),
    annotations: { 'authorization.k8s.io/decision': isRefused ? 'forbid' : 'allow' },
  };
}

function infoOrNone(user: User | undefined): JsonObject {
  return user === undefined ? {} : infoOf(user);
}

function objectReference({ attributes, kind }: Answered): JsonObject {
  if (isPath(attributes) || kind === undefined) return {};
  const { resource, namespace, name, group, subresource } = attributes;
  return {
    objectRef: {
      resource,
      ...(namespace !== '' && { namespace }),
      ...(name !== '' && { name }),
      ...(group !== '' && { apiGroup: group }),
      apiVersion: kind.version,
      ...(subresource !== '' && { subresource }),
    },
  };
}

/** What was written down, which may be less than was asked for. */
function levelShown(body: JsonObject | undefined, answer: JsonObject | undefined): AuditLevel {
  if (answer !== undefined) return 'RequestResponse';
  return body === undefined ? 'Metadata' : 'Request';
}

function isSecret({ attributes, kind }: Answered): boolean {
  if (kind === undefined || secretKinds.has(kind.builtIn) || isPath(attributes)) return true;
  return secretSubresources.has(attributes.subresource);
}

function responseObject({ response }: Answered): JsonObject | undefined {
  const text = answerOf(response);
  if (text === undefined) return undefined;
  const value = JSON.parse(text) as JsonObject;
  return isObject(value) ? value : undefined;
}

function requestObject({ request, kind }: Answered): JsonObject | undefined {
  if (kind === undefined) return undefined;
  const body = bodyOf(request);
  if (body === undefined || body.length === 0) return undefined;
  const type = mediaType(request);
  try {
    if (type === 'application/vnd.kubernetes.protobuf') return decodeBody(type, body, kind).object;
    const value = JSON.parse(body.toString('utf8')) as JsonObject;
    return isObject(value) ? value : { patch: value };
  } catch (error) {
    // What is no JSON was refused, or is YAML of `apply`.
    return { unreadable: messageOf(error), metadata: objectIn(undefined, '') };
  }
}

/** `2026-11-21T10:00:00.123000Z`, to the microsecond as Kubernetes has it. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
