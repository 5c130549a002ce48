/**
 * nf_tables without the program `nft`: changes are plain values that `commit` applies in one
 * transaction, on a connection opened with `{ protocol: 'netfilter' }`.
 */
export { addChain, deleteChain, listChains } from './chain.ts';
export type { BaseChain, Chain, ChainReference, Hook, NewChain } from './chain.ts';
export type { Data, Verdict, VerdictName } from './data.ts';
export type { DataTypeName, FieldRange, FieldValue } from './data-type.ts';
export {
  addElements,
  createElements,
  deleteElements,
  findElement,
  flushElements,
  listElements,
} from './element.ts';
export type { Element } from './element.ts';
export type { Expression, KnownExpression, OtherExpression } from './expression.ts';
export type { FieldName } from './field.ts';
export type { TableFamily, TableReference } from './message.ts';
export { changedElements, monitor } from './monitor.ts';
export type { ChangedElements, NftEvent } from './monitor.ts';
export { addObject, deleteObject, listObjects } from './object.ts';
export type { NewObject, NftObject, ObjectReference, ObjectType } from './object.ts';
export { addRule, deleteRule, flushRules, insertRule, listRules, replaceRule } from './rule.ts';
export type { NewRule, Rule, RuleReference } from './rule.ts';
export { addSet, deleteSet, listSets } from './set.ts';
export type { MapData, NftSet, SetDefinition, SetReference } from './set.ts';
export * as statement from './statement.ts';
export { addTable, deleteTable, destroyTable, listTables } from './table.ts';
export type { NewTable, Table } from './table.ts';
export { commit, generation, type Generation } from './transaction.ts';
