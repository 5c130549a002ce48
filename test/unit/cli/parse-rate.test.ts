import t from 'tap';
import { parseRate } from '../../../src/cli/parse-rate.ts';

t.test('rates are decimal, in bits a second', async (t) => {
  const good = { '10M': 10e6, '1.5g': 1.5e9, '100k': 1e5, '5000': 5000, '2Mbit': 2e6, '0': 0 };
  for (const [text, rateBits] of Object.entries(good)) {
    t.same(parseRate(text, '--ingress'), { rateBits }, text);
  }
});

t.test('what is no rate is refused by the name of its flag', async (t) => {
  for (const text of ['', 'fast', '-1', '10X', '999', '1M/s', '1e9', '2000T', '10 M']) {
    t.throws(() => parseRate(text, '--egress'), /--egress ".*" is no rate/, text);
  }
});
