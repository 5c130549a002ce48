import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, badRequest } from '../api/status.ts';
import type { Upgrade } from '../stream/upgrade.ts';
import type { Api } from './api.ts';
import { chooseForm } from './negotiate.ts';
import type { Presentation } from './present.ts';
import type { Place } from './registry.ts';
import type { ResourceRoute } from './route.ts';
import type { User } from './security/user.ts';

/** One request for objects of a kind. */
export interface Exchange {
  readonly route: ResourceRoute;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly user: User;
  /** The connection, where the client wants to speak another protocol on it. */
  readonly upgrade?: Upgrade;
}

export function presentationOf(api: Api, { route, query, request }: Exchange): Presentation {
  const form = chooseForm(request.headers.accept);
  if (form === undefined) {
    const words = 'only the following media types are accepted: application/json';
    throw new ApiError('NotAcceptable', words);
  }
  const include = query.get('includeObject');
  const includeObject = include === 'None' || include === 'Object' ? include : 'Metadata';
  return { kind: route.kind, form, includeObject, nowMs: api.now().getTime() };
}

export function placeOfRoute({ kind, namespace, name }: ResourceRoute): Place {
  return { kind, namespace, name };
}

/** A query's number; 0 when it is not there. Throws `BadRequest`. */
export function naturalIn(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text === '') return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badRequest(`Invalid value: ${JSON.stringify(text)}: ${name} must be a whole number`);
}

export function notAllowed(): ApiError {
  return new ApiError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
}
