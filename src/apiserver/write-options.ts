import { nearest } from '../base/nearest.ts';
import {
  type Fault,
  forbiddenField,
  invalid,
  invalidObject,
  notSupported,
  tooLong,
} from '../api/validate/fault.ts';
import { ApiError, badRequest } from '../api/status.ts';
import type { WriteOptions } from './api.ts';
import { cannotHandle, mediaType, type Received } from './read-body.ts';
import type { Exchange } from './exchange.ts';

/** As many complaints as a client gets of one document. */
const mostWarnings = 20;
const longestManager = 128;

const optionsOf: Readonly<Record<string, string>> = {
  POST: 'CreateOptions',
  PUT: 'UpdateOptions',
  PATCH: 'PatchOptions',
  DELETE: 'DeleteOptions',
};

/** Reads `dryRun`, `fieldManager` and `fieldValidation`. Throws `Invalid`. */
export function readWriteOptions(exchange: Exchange): WriteOptions {
  const { query, request, response, user } = exchange;
  const faults = faultsIn(exchange);
  if (faults.length > 0) throw invalidOptions(optionsOf[request.method ?? ''] ?? '', faults);
  const before = response.getHeader('Warning');
  const warnings: string[] = Array.isArray(before) ? [...before] : [];
  return {
    dryRun: query.has('dryRun'),
    user,
    fieldManager: query.get('fieldManager') ?? managerOf(request.headers['user-agent']),
    fieldValidation: validationIn(query),
    warn: (text) => {
      warnings.push(`299 - ${JSON.stringify(text)}`);
      response.setHeader('Warning', warnings.slice(0, mostWarnings));
    },
  };
}

/** Options of a request that make no sense. */
export function invalidOptions(kind: string, faults: readonly Fault[]): ApiError {
  return invalidObject({ group: 'meta.k8s.io', kind }, '', faults);
}

function faultsIn({ query, request }: Exchange): Fault[] {
  const faults: Fault[] = [];
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((word) => word !== 'All')) faults.push(notSupported('dryRun', dryRun, ['All']));
  const applies = mediaType(request) === 'application/apply-patch+yaml';
  if (query.has('force') && request.method === 'PATCH' && !applies) {
    faults.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  const manager = query.get('fieldManager') ?? '';
  if (Buffer.byteLength(manager) > longestManager) {
    faults.push(tooLong('fieldManager', longestManager));
  }
  const control = /\p{C}/u.exec(manager);
  if (control !== null) {
    const code = (control[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const words = `invalid character U+${code} (at position ${control.index})`;
    faults.push(invalid('fieldManager', manager, words));
  }
  const validation = validationIn(query);
  if (!validations.has(validation)) {
    faults.push(notSupported('fieldValidation', validation, ['', ...validations]));
  }
  return faults;
}

const validations = new Set(['Ignore', 'Strict', 'Warn']);

function validationIn(query: URLSearchParams): WriteOptions['fieldValidation'] {
  const given = query.get('fieldValidation') ?? '';
  return given === '' ? 'Warn' : (given as WriteOptions['fieldValidation']);
}

/** `kubectl` of `kubectl/v1.33.0 (linux/amd64) …`. */
function managerOf(agent: string | undefined): string {
  const name = (agent ?? '').split('/')[0]?.slice(0, longestManager) ?? '';
  return name === '' ? 'unknown' : name;
}

/** Fields that a document should not have: refused, warned of or ignored, as asked. */
export function checkFields(received: Received, options: WriteOptions): void {
  const words = complaintOf(received, options);
  if (words !== undefined) throw badRequest(cannotHandle(received.kind, words));
}

/** The same of what a patch makes. */
export function checkPatch(
  received: Omit<Received, 'object'>,
  patch: string,
  options: WriteOptions,
): void {
  const words = complaintOf(received, options);
  if (words !== undefined) {
    throw invalidObject({ group: '', kind: '' }, '', [invalid('patch', patch, words)]);
  }
}

function complaintOf(
  { unknown, duplicates }: Pick<Received, 'unknown' | 'duplicates'>,
  options: WriteOptions,
): string | undefined {
  const { fieldValidation } = options;
  if (fieldValidation === 'Ignore') return undefined;
  const absent = unknown.map(({ path, field, type }) => {
    const meant = nearest(field, type.byName.keys());
    return `unknown field "${path}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`;
  });
  const faults = [...duplicates.map((path) => `duplicate field "${path}"`), ...absent];
  if (faults.length === 0) return undefined;
  if (fieldValidation === 'Strict') {
    return `strict decoding error: ${faults.slice(0, mostWarnings).join(', ')}`;
  }
  for (const fault of faults) options.warn(fault);
  return undefined;
}
