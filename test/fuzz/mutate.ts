import type { FuzzTarget } from './fuzz-target.ts';
import { mutateJson } from './mutate-json.ts';
import type { Random } from './random.ts';

/** Longer inputs only slow the search down. */
export const maximumInput = 64 * 1024;

/** A new input from one of the corpus: a few faults, or the head of one and the tail of another. */
export function mutate(target: FuzzTarget, corpus: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(corpus, Buffer.alloc(0)));
  if (target.json === true && random.below(3) > 0) bytes = mutateJson(bytes, target, random);
  else if (random.below(8) === 0) bytes = splice(bytes, random.pick(corpus, bytes), random);
  else {
    for (let faults = random.below(5) + 1; faults > 0; faults -= 1) {
      bytes = fault(bytes, target, random);
    }
  }
  if (bytes.length > maximumInput) bytes = bytes.subarray(0, maximumInput);
  if (random.below(8) > 0) target.repair?.(bytes);
  return bytes;
}

const interesting = ['0', '-1', '9007199254740993', '4294967295', '1e309', '\0', '\n', '%', '/../'];

function fault(bytes: Buffer, target: FuzzTarget, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const length = 1 + random.below(random.below(4) === 0 ? 64 : 4);
  switch (random.below(7)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random.pick([0, 9, 32, 48, 127, 255], random.below(256));
      return bytes;
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 3:
      return insert(bytes, at, bytes.subarray(at, at + length));
    case 4:
      return insert(bytes, at, Buffer.from(random.pick(target.words ?? interesting, '')));
    case 5:
      return insert(bytes, at, Buffer.from(random.pick(interesting, '')));
    default:
      return replaceDigits(bytes, at, random);
  }
}

function insert(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

/** Numbers in text are where bounds are. */
function replaceDigits(bytes: Buffer, at: number, random: Random): Buffer {
  const digits = random.pick(['0', '7', '9', '-'], '1');
  for (let offset = at; offset < Math.min(at + 24, bytes.length); offset += 1) {
    const byte = bytes[offset] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) bytes[offset] = digits.charCodeAt(0);
  }
  return bytes;
}

function splice(head: Buffer, tail: Buffer, random: Random): Buffer {
  const cut = random.below(head.length + 1);
  return Buffer.concat([head.subarray(0, cut), tail.subarray(random.below(tail.length + 1))]);
}
