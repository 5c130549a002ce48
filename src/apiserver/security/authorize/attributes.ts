import { type FieldRequirement, parseFieldSelector } from '../../../api/selector/field-selector.ts';
import type { IncomingMessage } from 'node:http';
import type { ResourceRoute, Route } from '../../route.ts';
import { verbOfMethod } from '../../../api/verb-of-method.ts';

/** What is asked for, as roles speak of it. */
export type Attributes = ResourceAttributes | PathAttributes;

export interface ResourceAttributes {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; others. */
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty for all namespaces, and where there are none. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
  /** Of lists and watches, in words. */
  readonly fieldSelector?: string;
}

export interface PathAttributes {
  readonly verb: string;
  /** `/metrics` */
  readonly path: string;
}

export function isPath(attributes: Attributes): attributes is PathAttributes {
  return 'path' in attributes;
}

export interface Address {
  readonly route: Route;
  readonly path: string;
  readonly query: URLSearchParams;
}

export function attributesOfRequest(
  { method = '' }: IncomingMessage,
  { route, path, query }: Address,
): Attributes {
  if (route.to === 'resource') return attributesOf(route.resource, method, query);
  return attributesOfPath(method, path);
}

function attributesOfPath(method: string, path: string): PathAttributes {
  return { verb: method.toLowerCase(), path };
}

/** What a request for a resource asks for. */
export function attributesOf(
  { kind, namespace, name, subresource }: ResourceRoute,
  method: string,
  query: URLSearchParams,
): ResourceAttributes {
  const fieldSelector = query.get('fieldSelector') ?? '';
  const verb = verbOf(method, name, query);
  const isMany = name === '' && verb !== 'create';
  return {
    verb,
    group: kind.group,
    resource: kind.plural,
    subresource: subresource ?? '',
    // A namespace is in itself: roles in it speak of it.
    namespace: kind.group === '' && kind.kind === 'Namespace' ? name : namespace,
    name: isMany ? nameIn(fieldSelector) : name,
    ...(isMany && fieldSelector !== '' && { fieldSelector }),
  };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  const verb = verbOfMethod[method] ?? '';
  if (name !== '') return verb;
  if (verb === 'get') return isWatch(query) ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

/** Whether a collection is watched: the same for who decides and for who answers. */
export function isWatch(query: URLSearchParams): boolean {
  const text = query.get('watch');
  return text !== null && text !== 'false' && text !== '0';
}

/** A list of one by its name is allowed where that one is. */
function nameIn(fieldSelector: string): string {
  const [only, ...others] = fieldsIn(fieldSelector);
  const isName = only?.field === 'metadata.name' && only.equal && others.length === 0;
  return isName ? only.value : '';
}

/**
 * A selector's requirements, read as they will be read when it is served: a comma in a value must
 * not look like a second requirement. None where it cannot be read, and so will be refused.
 */
export function fieldsIn(fieldSelector: string): readonly FieldRequirement[] {
  try {
    return parseFieldSelector(fieldSelector);
  } catch {
    return [];
  }
}
