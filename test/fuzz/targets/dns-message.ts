import { udpBytes } from '../../../src/network/dns/encode-answer.ts';
import {
  encodeForeign,
  isAnswerTo,
  readAnswer,
  recordsOf,
} from '../../../src/network/dns/foreign-answer.ts';
import { parseQuery, readRecords } from '../../../src/network/dns/message.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const seed = Buffer.from(
  [
    '000701000001000000000001',
    '03777777076578616d706c6503636f6d0000010001',
    '00002904d0000000000000',
  ].join(''),
  'hex',
);
const answer = Buffer.from(
  [
    '000701000001000200000001',
    '03777777076578616d706c6503636f6d0000010001',
    'c00c00050001000000ff0004016dc010',
    'c02d00010001000000ff0004c0000201',
    '00002904d0000000000000',
  ].join(''),
  'hex',
);

/** Messages of clients and of other servers. */
export const target: FuzzTarget = {
  run(input) {
    const parsed = parseQuery(input);
    hold(parsed === undefined || 'query' in parsed || parsed.code > 0, 'a code says what is wrong');
    if (parsed !== undefined && 'query' in parsed) {
      const { query } = parsed;
      hold(query.question.length >= 5, 'a question has a name, a type and a class');
      isAnswerTo(input, query, query.id);
    }
    const kept = readAnswer(input);
    recordsOf(kept);
    for (const { end } of readRecords(kept.message)) hold(end <= input.length, 'within bounds');
    if (parsed === undefined || !('query' in parsed)) return;
    const maximumBytes = udpBytes(parsed.query);
    const given = encodeForeign(parsed.query, kept, { agedSeconds: 1, maximumBytes });
    hold(given.length <= maximumBytes, 'an answer has the size that its client takes');
    readRecords(given);
  },
  seeds: [seed, answer],
  words: ['\\u0000', '\\u00c0\\u000c', '\\u0000\\u0029'],
};
