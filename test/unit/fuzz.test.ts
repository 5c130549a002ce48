/** Every input that a fuzzer once found, and a few thousand new ones that are always the same. */
import t from 'tap';
import { corpusOf, foundCases, loadTarget, targetNames } from '../fuzz/corpus.ts';
import { findingOf } from '../fuzz/fuzz-target.ts';
import { mutate } from '../fuzz/mutate.ts';
import { Random } from '../fuzz/random.ts';

const rounds = 2000;

for (const name of targetNames()) {
  t.test(`${name}: damaged input is read or refused, never anything else`, async (t) => {
    const target = await loadTarget(name);
    for (const seed of target.seeds) t.equal(findingOf(target, Buffer.from(seed)), undefined);
    for (const input of foundCases(name)) {
      t.equal(findingOf(target, input), undefined, `found before: ${input.toString('base64')}`);
    }
    const random = new Random(20261121);
    const corpus = corpusOf(name, target);
    for (let round = 0; round < rounds; round += 1) {
      const input = mutate(target, corpus, random);
      const finding = findingOf(target, input);
      if (finding === undefined) continue;
      t.equal(finding, undefined, input.toString('base64'));
      return;
    }
  });
}

t.test('a target that throws what it should not is found out', async (t) => {
  const target = { seeds: [], run: (input: Buffer) => void input.readUInt32LE(0) };
  t.match(findingOf(target, Buffer.alloc(3)), { code: 'ERR_BUFFER_OUT_OF_BOUNDS' });
  t.equal(findingOf(target, Buffer.alloc(4)), undefined);
});
