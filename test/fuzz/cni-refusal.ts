import { DomainError } from '../../src/base/error.ts';
import { CniError } from '../../src/cni/cni-error.ts';

/** Parsers of CNI refuse with an error of their own, which the harness does not know. */
export function refusing<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (error instanceof CniError) throw new DomainError('invalid', error.message);
    throw error;
  }
}
