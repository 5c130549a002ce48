import { canonicalQuantity, parseQuantity } from '../../../src/api/quantity.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Amounts of resources. */
export const target: FuzzTarget = {
  run(input) {
    const text = input.toString();
    const once = canonicalQuantity(text);
    hold(canonicalQuantity(once) === once, 'the one way to write it is written so again');
    hold(parseQuantity(once).nano === parseQuantity(text).nano, 'it stays the same amount');
  },
  seeds: ['500m', '1.5Gi', '2e3', '-0.1', '1000000k', '12E', '0.000000001', '.5Mi', '1e-3'],
  words: ['Ki', 'Ei', 'e+', 'E-', '00000', '.', 'n', 'u'],
};
