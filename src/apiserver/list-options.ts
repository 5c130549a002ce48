import { type Fault, forbiddenField, notSupported } from '../api/validate/fault.ts';
import { invalidOptions } from './write-options.ts';

const field = 'resourceVersionMatch';

/** Throws `Invalid` for a list's or watch's options that do not go together. */
export function checkListOptions(query: URLSearchParams, watches: boolean): void {
  const faults = watches ? watchFaults(query) : listFaults(query);
  if (faults.length > 0) throw invalidOptions('ListOptions', faults);
}

function listFaults(query: URLSearchParams): Fault[] {
  const faults: Fault[] = [];
  const match = query.get(field) ?? '';
  const revision = query.get('resourceVersion') ?? '';
  if (match !== '') {
    if (revision === '') {
      faults.push(
        forbiddenField(field, `${field} is forbidden unless resourceVersion is provided`),
      );
    }
    faults.push(...continueFaults(query));
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      faults.push(notSupported(field, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && revision === '0') {
      const words = `${field} "exact" is forbidden for resourceVersion "0"`;
      faults.push(forbiddenField(field, words));
    }
  }
  if (query.has('sendInitialEvents')) {
    const words = 'sendInitialEvents is forbidden for list';
    faults.push(forbiddenField('sendInitialEvents', words));
  }
  return faults;
}

function watchFaults(query: URLSearchParams): Fault[] {
  const faults: Fault[] = [];
  const match = query.get(field) ?? '';
  const initial = query.has('sendInitialEvents');
  if (initial && match !== 'NotOlderThan') {
    const words = `sendInitialEvents requires setting ${field} to NotOlderThan`;
    faults.push(forbiddenField(field, words));
  }
  if (match === '') return faults;
  if (!initial) {
    const words = `${field} is forbidden for watch unless sendInitialEvents is provided`;
    faults.push(forbiddenField(field, words));
  }
  if (match !== 'NotOlderThan') faults.push(notSupported(field, match, ['NotOlderThan']));
  return [...faults, ...continueFaults(query)];
}

function continueFaults(query: URLSearchParams): Fault[] {
  if ((query.get('continue') ?? '') === '') return [];
  return [forbiddenField(field, `${field} is forbidden when continue is provided`)];
}
