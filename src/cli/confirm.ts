import { createInterface } from 'node:readline/promises';
import { DomainError } from '../base/error.ts';

/** Asks a person. Throws `conflict` unless the answer is yes, `invalid` where there is nobody. */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new DomainError('invalid', 'Cannot ask without a terminal; use --force');
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(question);
  lines.close();
  if (!/^y(es)?$/i.test(answer)) throw new DomainError('conflict', 'Nothing removed');
}
