import { isDomainError } from '../../base/error.ts';
import { textOf } from '../json.ts';
import { Pattern } from '../pattern/pattern.ts';
import { type Fault, invalid } from '../validate/fault.ts';
import type { Schema } from './schema.ts';

/** What is wrong with the regular expression of a level, if it has one. */
export function patternFaults(schema: Schema, path: string): Fault[] {
  const pattern = textOf(schema['pattern']);
  if (pattern === '') return [];
  try {
    void new Pattern(pattern);
    return [];
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
    const words = `must be a valid regular expression, but isn't: ${error.message}`;
    return [invalid(`${path}.pattern`, pattern, words)];
  }
}
