import { nearest } from '../base/nearest.ts';
import { badRequest } from '../api/status.ts';
import type { WriteOptions } from './api.ts';
import { cannotHandle, type Received } from './read-body.ts';
import type { Exchange } from './exchange.ts';

/** As many complaints as a client gets of one document. */
const mostWarnings = 20;

/** Reads `dryRun`, `fieldManager` and `fieldValidation`. Throws `BadRequest`. */
export function readWriteOptions({ query, request, response, user }: Exchange): WriteOptions {
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((word) => word !== 'All')) {
    throw badRequest(
      `dryRun: Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`,
    );
  }
  const validation = query.get('fieldValidation') ?? 'Warn';
  if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore') {
    const words = 'supported values: "Ignore", "Strict", "Warn"';
    throw badRequest(`fieldValidation: Unsupported value: ${JSON.stringify(validation)}: ${words}`);
  }
  const warnings: string[] = [];
  return {
    dryRun: dryRun.length > 0,
    user,
    fieldManager: query.get('fieldManager') ?? managerOf(request.headers['user-agent']),
    fieldValidation: validation,
    warn: (text) => {
      warnings.push(`299 - ${JSON.stringify(text)}`);
      response.setHeader('Warning', warnings.slice(0, mostWarnings));
    },
  };
}

/** `kubectl` of `kubectl/v1.33.0 (linux/amd64) …`. */
function managerOf(agent: string | undefined): string {
  return (agent ?? '').split('/')[0]?.slice(0, 128) ?? '';
}

/** Fields that a document should not have: refused, warned of or ignored, as asked. */
export function checkFields(received: Received, options: WriteOptions): void {
  const { fieldValidation } = options;
  if (fieldValidation === 'Ignore') return;
  const unknown = received.unknown.map(({ path, field, type }) => {
    const meant = nearest(field, type.byName.keys());
    return `unknown field "${path}"${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`;
  });
  const twice = received.duplicates.map((path) => `duplicate field "${path}"`);
  const faults = [...twice, ...unknown];
  if (faults.length === 0) return;
  if (fieldValidation === 'Warn') return faults.forEach((fault) => options.warn(fault));
  const words = `strict decoding error: ${faults.slice(0, mostWarnings).join(', ')}`;
  throw badRequest(cannotHandle(received.kind, words));
}
