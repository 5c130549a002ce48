import { DomainError, isKernelError } from '../../base/error.ts';
import { AttributeTable } from '../attribute.ts';
import { be32, list, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { flag, type Message } from '../message.ts';
import type { Request } from '../request.ts';
import type { MessageWriter } from '../writer.ts';
import { paddedBytes } from './data-type.ts';
import { change, genericHeaderBytes, question, type MessageName } from './message.ts';
import { describe, elementCodec, fromRaw, joined, writeElement } from './raw-element.ts';
import type { Element, KnownSet, RawElement } from './raw-element.ts';
import type { NftSet, SetDefinition } from './set.ts';

export type { Element } from './raw-element.ts';

/** NFTA_SET_ELEM_LIST_*. */
const elementsAttribute = 3;
const listTable = new AttributeTable({
  table: [1, text],
  set: [2, text],
  elements: [elementsAttribute, list(1, elementCodec)],
  setId: [4, be32],
});

/**
 * Adds elements, in as many messages as they need (an attribute holds 64 KiB). One that is there
 * with other data is EEXIST. `nft add element FAMILY TABLE NAME { ... }`.
 */
export function addElements(set: SetDefinition, elements: readonly Element[]): Request[] {
  return inChunks('NEWSETELEM', set, elements);
}

/** As addElements, but EEXIST when one is there. `nft create element FAMILY TABLE NAME { ... }`. */
export function createElements(set: SetDefinition, elements: readonly Element[]): Request[] {
  return inChunks('NEWSETELEM', set, elements).map((request) => ({
    ...request,
    flags: request.flags | flag.exclusive,
  }));
}

/** ENOENT when one is not there. `nft delete element FAMILY TABLE NAME { ... }`. */
export function deleteElements(set: SetDefinition, elements: readonly Element[]): Request[] {
  return inChunks('DELSETELEM', set, elements);
}

/** All of them, none is no error. `nft flush set FAMILY TABLE NAME`. */
export function flushElements(set: SetDefinition): Request {
  return change('DELSETELEM', {
    family: set.family,
    object: describe(set),
    write: (writer) => listTable.write(writer, { table: set.table, set: set.set }),
  });
}

/** The elements of a set as `listSets` gives it. `nft list set FAMILY TABLE NAME`. */
export async function listElements(
  connection: Connection,
  set: SetDefinition | NftSet,
): Promise<Element[]> {
  const { key } = set;
  if (key === undefined) {
    throw new DomainError('unsupported', `${describe(set)} has a key of unknown types`);
  }
  const known = { ...set, key };
  const request = question('GETSETELEM', {
    family: set.family,
    object: describe(set),
    write: (writer) => listTable.write(writer, { table: set.table, set: set.set }),
  });
  const parts = await connection.transact(request, readElements);
  return elementsOf(known, parts.flat());
}

/** What the kernel tells of a set's elements, as values of the set's types. */
export function elementsOf(set: KnownSet, raw: readonly RawElement[]): Element[] {
  const pairs = set.interval === true && set.key.length === 1;
  return pairs ? joined(set, raw) : raw.map((one) => fromRaw(set, one));
}

/**
 * The element of that key as the set has it, or undefined when there is none; ENOENT is not thrown
 * for a set that is missing either. Takes as long in a set of 30,000 as in one of three.
 * `nft get element FAMILY TABLE NAME { KEY }`.
 */
export async function findElement(
  connection: Connection,
  set: SetDefinition,
  key: Element['key'],
): Promise<Element | undefined> {
  const request: Request = {
    ...question('GETSETELEM', {
      family: set.family,
      object: describe(set),
      write: (writer) => writeElements(writer, set, [{ key }]),
    }),
    flags: 0,
  };
  try {
    const [found] = (await connection.transact(request, readElements)).flat();
    return found && fromRaw(set, found);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Below the 64 KiB of an attribute. */
const chunkBytes = 60_000;

/** Elements are encoded only when a message is written: they would be many small objects. */
function inChunks(
  name: Extract<MessageName, 'NEWSETELEM' | 'DELSETELEM'>,
  set: SetDefinition,
  elements: readonly Element[],
): Request[] {
  const most = elements.reduce((bytes, one) => Math.max(bytes, mostBytesOf(set, one)), 64);
  const perMessage = Math.floor(chunkBytes / most);
  const chunks: Request[] = [];
  for (let first = 0; first < elements.length; first += perMessage) {
    const part = elements.slice(first, first + perMessage);
    chunks.push(
      change(name, {
        family: set.family,
        flags: name === 'NEWSETELEM' ? flag.create : 0,
        object: `elements of ${describe(set)}`,
        write: (writer) => writeElements(writer, set, part),
      }),
    );
  }
  return chunks;
}

function writeElements(writer: MessageWriter, set: SetDefinition, part: readonly Element[]): void {
  listTable.write(writer, { table: set.table, set: set.set });
  const nest = writer.beginNest(elementsAttribute);
  for (const element of part) writeElement(writer, set, element);
  writer.endNest(nest);
}

/** An upper bound: headers, both ends of an interval, and the texts of any length. */
function mostBytesOf(set: SetDefinition, { data: led, comment = '' }: Element): number {
  const fixed = 120 + 2 * paddedBytes(set.key);
  const text = 3 * comment.length;
  if (led === undefined) return fixed + text;
  if (typeof led === 'string') return fixed + text + 3 * led.length;
  if ('verdict' in led) return fixed + text + 3 * (led.chain?.length ?? 0);
  return fixed + text + 16 * led.length;
}

/** Decodes NFT_MSG_NEWSETELEM. Throws DomainError `invalid`. */
export function readElements(message: Message): readonly RawElement[] {
  const from = message.start + genericHeaderBytes;
  return listTable.read(message.source, from, message.end).elements ?? [];
}
