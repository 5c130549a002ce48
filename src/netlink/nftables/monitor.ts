import { AttributeTable } from '../attribute.ts';
import { text } from '../codec.ts';
import { type AnyEventOf, type Decode, decodersOf } from '../event.ts';
import type { Message } from '../message.ts';
import { protocol } from '../open-socket.ts';
import { Subscription, type SubscriptionOptions } from '../subscription.ts';
import { type Chain, readChain } from './chain.ts';
import { elementsOf, readElements } from './element.ts';
import { familyIn, genericHeaderBytes, messages, subsystem } from './message.ts';
import { type NftObject, readObject } from './object.ts';
import type { Element, KnownSet, RawElement } from './raw-element.ts';
import { type Rule, readRule } from './rule.ts';
import { type NftSet, readSet, type SetReference } from './set.ts';
import { readTable, type Table } from './table.ts';
import { type Generation, readGeneration } from './transaction.ts';

/** Elements of one set; what their bytes mean is known to who knows the set's types. */
export interface ChangedElements extends SetReference {
  readonly raw: readonly RawElement[];
}

/** What is told of, by the kind of its event. */
interface Told {
  readonly table: Table;
  readonly chain: Chain;
  readonly rule: Rule;
  readonly set: NftSet;
  readonly elements: ChangedElements;
  readonly object: NftObject;
}

/**
 * A change within a transaction, or `commit`, which ends each: what was told since the last one
 * took effect at once, and the ruleset is now at that generation.
 */
export type NftEvent =
  AnyEventOf<Told> | { readonly kind: 'commit'; readonly generation: Generation };

/** linux/netfilter/nfnetlink.h: NFNLGRP_NFTABLES. */
const group = 7;

/**
 * Follows changes of the ruleset by anybody, from the moment it resolves: list after that, and
 * nothing falls between. After `{ kind: 'resync' }` events were lost and the consumer lists again.
 * A table, chain or set that goes with all it holds is told of with each thing in it.
 * `nft monitor`.
 */
export function monitor(options: SubscriptionOptions = {}): Promise<Subscription<NftEvent>> {
  return Subscription.open({ protocol: protocol.netfilter, groups: [group], decode }, options);
}

/** The elements that an event tells of, by the types of their set. */
export function changedElements(set: KnownSet, { raw }: ChangedElements): readonly Element[] {
  return elementsOf(set, raw);
}

const both = decodersOf<Told>();

const decoders = new Map<number, Decode<NftEvent>>([
  ...both(typesOf('TABLE'), 'table', readTable),
  ...both(typesOf('CHAIN'), 'chain', readChain),
  ...both(typesOf('RULE'), 'rule', readRule),
  ...both(typesOf('SET'), 'set', readSet),
  ...both(typesOf('SETELEM'), 'elements', readChangedElements),
  ...both(typesOf('OBJ'), 'object', readObject),
  [messages.NEWGEN, (message) => ({ kind: 'commit', generation: readGeneration(message) })],
]);

function typesOf(subject: 'TABLE' | 'CHAIN' | 'RULE' | 'SET' | 'SETELEM' | 'OBJ') {
  return { new: messages[`NEW${subject}`], remove: messages[`DEL${subject}`] };
}

/** Decodes a message of the group; undefined for what is not known here, such as flow tables. */
export function decode(message: Message): NftEvent | undefined {
  if (message.type >> 8 !== subsystem.nftables) return undefined;
  return decoders.get(message.type & 0xff)?.(message);
}

/** NFTA_SET_ELEM_LIST_TABLE and _SET. */
const placeTable = new AttributeTable({ table: [1, text], set: [2, text] });

function readChangedElements(message: Message): ChangedElements {
  const family = familyIn(message);
  const from = message.start + genericHeaderBytes;
  const { table = '', set = '' } = placeTable.read(message.source, from, message.end);
  return { family, table, set, raw: readElements(message) };
}
