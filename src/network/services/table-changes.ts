import { nftables, type Request } from '../../netlink/index.ts';
import type { KnownExpression } from '../../netlink/nftables/expression.ts';
import type { SetChange } from './claims.ts';
import { rulesOfClass } from './class-rules.ts';
import { chainOfClass } from './service-class.ts';
import { definitionOf, setsOf, table, tableComment } from './table-sets.ts';
import { chainReference, fixedChains } from './table-rules.ts';

/**
 * The requests for changed elements. A class's chain is there before its element and gone after
 * it, and both before and after the Services that lead to it.
 */
export function changesOf(changes: readonly SetChange[]): Request[] {
  const classes = changes.filter(({ set }) => set === 'classes');
  const others = changes.filter(({ set }) => set !== 'classes');
  return [
    ...classes.flatMap(({ family, add }) => add.flatMap(({ key }) => newClass(family, key))),
    ...classes.flatMap(addition),
    ...others.flatMap(removal),
    ...others.flatMap(addition),
    ...classes.flatMap(removal),
    ...classes.flatMap(({ family, remove }) => remove.flatMap(({ key }) => oldClass(family, key))),
  ];
}

function addition({ family, set, add }: SetChange): Request[] {
  return add.length === 0 ? [] : nftables.addElements(definitionOf(family, set), add);
}

function removal({ family, set, remove }: SetChange): Request[] {
  return remove.length === 0 ? [] : nftables.deleteElements(definitionOf(family, set), remove);
}

function newClass(family: 4 | 6, [number]: nftables.Element['key']): Request[] {
  const chain = chainReference(chainOfClass(family, Number(number)));
  return [
    nftables.addChain(chain),
    ...rulesOfClass(family, Number(number)).map((rule) => ruleOf(chain, rule)),
  ];
}

function oldClass(family: 4 | 6, [number]: nftables.Element['key']): Request[] {
  const chain = chainReference(chainOfClass(family, Number(number)));
  return [nftables.flushRules(chain), nftables.deleteChain(chain)];
}

/** The table, its sets and the chains that do not depend on Services, where nothing is yet. */
export function newTable(): Request[] {
  const chains = fixedChains();
  return [
    nftables.addTable({ ...table, comment: tableComment }),
    ...([4, 6] as const).flatMap((family) => Object.values(setsOf(family)).map(nftables.addSet)),
    ...chains.map(({ chain, base }) =>
      nftables.addChain({ ...chainReference(chain), ...(base !== undefined && { base }) }),
    ),
    ...chains.flatMap(({ chain, rules }) =>
      rules.map((rule) => ruleOf(chainReference(chain), rule)),
    ),
  ];
}

function ruleOf(
  chain: ReturnType<typeof chainReference>,
  expressions: readonly KnownExpression[],
): Request {
  return nftables.addRule({ ...chain, expressions });
}
