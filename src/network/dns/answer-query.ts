import type { Logger } from '../../base/log.ts';
import {
  type Answer,
  type DnsRecord,
  encodeAnswer,
  encodeRefusal,
  failure,
} from './encode-answer.ts';
import { encodeForeign, recordsOf } from './foreign-answer.ts';
import {
  headerFlag,
  internetClass,
  parseQuery,
  type Query,
  recordType,
  responseCode,
} from './message.ts';
import { encodeName } from './name.ts';
import type { Resolver } from './resolver.ts';
import type { Zone } from './zone.ts';

export interface NameSources {
  readonly zone: Zone;
  readonly resolver: Resolver;
  readonly log: Logger;
}

/** How many bytes an answer to a query may have on the way it came. */
export type Bound = (query: Query) => number;

/**
 * The answer to whatever a client sent; undefined when it gets none. Never throws: what fails is
 * SERVFAIL, and what is damaged FORMERR.
 */
export async function answerQuery(
  bytes: Buffer,
  bound: Bound,
  sources: NameSources,
): Promise<Buffer | undefined> {
  const parsed = parseQuery(bytes);
  if (parsed === undefined) return undefined;
  if ('code' in parsed) return encodeRefusal(parsed.id, parsed.flags, parsed.code);
  const { query } = parsed;
  try {
    return await answerOf(query, bound(query), sources);
  } catch (error) {
    sources.log.debug({ err: error, name: query.name }, 'No answer to a question');
    return encodeAnswer(query, failure(), bound(query));
  }
}

async function answerOf(
  query: Query,
  maximumBytes: number,
  { zone, resolver }: NameSources,
): Promise<Buffer> {
  const { name, type, extension } = query;
  const refuse = (code: number): Buffer => encodeAnswer(query, failure(code), maximumBytes);
  if ((extension?.version ?? 0) !== 0) return refuse(responseCode.badVersion);
  // Zone transfers and their like are no questions for a resolver.
  if (query.class !== internetClass || (type >= 249 && type <= 254)) {
    return refuse(responseCode.refused);
  }
  const own = zone.answer(name, type);
  if (own !== undefined) {
    return encodeAnswer(query, await followed(own, query, { zone, resolver }), maximumBytes);
  }
  if ((query.flags & headerFlag.recursionDesired) === 0) return refuse(responseCode.refused);
  const { answer, agedSeconds } = await resolver.resolve(query);
  return encodeForeign(query, answer, { agedSeconds, maximumBytes });
}

/** What an ExternalName leads to, as clients want it: with the addresses at its end. */
async function followed(
  own: Answer,
  query: Query,
  { zone, resolver }: Pick<NameSources, 'zone' | 'resolver'>,
): Promise<Answer> {
  const answers: DnsRecord[] = [...own.answers];
  for (let step = 0; step < longestChain; step++) {
    const last = answers.at(-1);
    if (last?.type !== 'CNAME' || query.type === recordType.CNAME) break;
    const next = zone.answer(last.target, query.type);
    if (next !== undefined) {
      answers.push(...next.answers);
      if (next.answers.length === 0) break;
      continue;
    }
    const name = encodeName(last.target);
    const question = Buffer.concat([name, query.question.subarray(-4)]);
    const { answer } = await resolver.resolve({ ...query, name: last.target, question });
    answers.push(...recordsOf(answer));
    break;
  }
  return { ...own, answers };
}

/** An ExternalName may lead to another; and round, which ends here. */
const longestChain = 8;
