import { DomainError } from '../../base/error.ts';

const name = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const nameRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " +
  "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
  "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or " +
  "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const prefixRule =
  'prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric ' +
  "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. " +
  "'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** What is wrong with a qualified name, `example.com/name`, in the API's words. */
export function labelKeyFaults(key: string): string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', with an ` +
        `optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const faults: string[] = [];
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const bare = parts.at(-1) ?? '';
  if (prefix === '') faults.push('prefix part must be non-empty');
  else if (prefix !== undefined && prefix.length > 253) {
    faults.push('prefix part must be no more than 253 characters');
  } else if (prefix !== undefined && !subdomain.test(prefix)) faults.push(prefixRule);
  if (bare === '') faults.push('name part must be non-empty');
  else if (bare.length > 63) faults.push('name part must be no more than 63 characters');
  if (!name.test(bare)) faults.push(nameRule);
  return faults;
}

export function labelValueFaults(value: string): string[] {
  if (value.length > 63) return ['must be no more than 63 characters'];
  return value === '' || name.test(value) ? [] : [valueRule];
}

/** Throws DomainError `invalid`. */
export function checkLabelKey(key: string): void {
  const [fault] = labelKeyFaults(key);
  if (fault !== undefined) {
    throw new DomainError('invalid', `key: Invalid value: ${JSON.stringify(key)}: ${fault}`);
  }
}

/** Throws DomainError `invalid`. */
export function checkLabelValue(value: string): void {
  const [fault] = labelValueFaults(value);
  if (fault !== undefined) {
    throw new DomainError(
      'invalid',
      `values[0]: Invalid value: ${JSON.stringify(value)}: ${fault}`,
    );
  }
}
