import { DomainError } from '../../base/error.ts';
import { AttributeTable, eachAttribute, type Codec } from '../attribute.ts';
import { be32, binary, text } from '../codec.ts';

/** linux/netfilter.h NF_* and nf_tables.h NFT_*. */
const verdicts = {
  drop: 0,
  accept: 1,
  continue: -1,
  break: -2,
  jump: -3,
  goto: -4,
  return: -5,
} as const;
export type VerdictName = keyof typeof verdicts;

/** What becomes of a packet; `jump` and `goto` name a chain. */
export interface Verdict {
  readonly verdict: VerdictName;
  readonly chain?: string;
}

/** NFTA_DATA_*: a value as it stands in a register, or a verdict. */
export type Data = { readonly value: Uint8Array } | Verdict;

const verdictTable = new AttributeTable({ code: [1, be32], chain: [2, text] });

export const data: Codec<Data> = {
  write(writer, type, value) {
    const nest = writer.beginNest(type);
    if ('value' in value) {
      binary.write(writer, 1, value.value);
    } else {
      const inner = writer.beginNest(2);
      verdictTable.write(writer, { code: verdicts[value.verdict] >>> 0, chain: value.chain });
      writer.endNest(inner);
    }
    writer.endNest(nest);
  },
  read(source, start, end) {
    let found: Data | undefined;
    eachAttribute(source, { start, end }, (type, from, to) => {
      if (type === 1) found = { value: binary.read(source, from, to) };
      if (type !== 2) return;
      const { code = 0, chain } = verdictTable.read(source, from, to);
      found = { verdict: nameOf(code | 0), ...(chain !== undefined && { chain }) };
    });
    if (found === undefined) throw new DomainError('invalid', 'nf_tables data without a value');
    return found;
  },
};

function nameOf(code: number): VerdictName {
  for (const name of Object.keys(verdicts) as VerdictName[]) {
    if (verdicts[name] === code) return name;
  }
  throw new DomainError('invalid', `nf_tables verdict ${code} is not known`);
}
