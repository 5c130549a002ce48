import type { FuzzTarget } from './fuzz-target.ts';
import type { Random } from './random.ts';

const values: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  'x',
  '__proto__',
  'a\0b',
  'x'.repeat(5000),
  [],
  {},
  [null],
  [[]],
  [{}],
  { constructor: 1 },
  { toString: null },
];

/** One value or field of the document changed; the bytes as they are when they are no document. */
export function mutateJson(bytes: Buffer, target: FuzzTarget, random: Random): Buffer {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString());
  } catch {
    return bytes;
  }
  const holder = { document };
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    change(holder, target, random);
  }
  return Buffer.from(JSON.stringify(holder.document) ?? 'null');
}

type Container = Record<string, unknown>;

function change(root: Container, target: FuzzTarget, random: Random): void {
  const [container, key] = random.pick(placesOf(root), [root, 'document'] as const);
  const word = random.pick(target.words ?? [], 'name');
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else if (container !== root) Reflect.deleteProperty(container, key);
      return;
    case 1:
      container[key] = word;
      return;
    case 2:
      container[key] = Array.isArray(container[key]) ? {} : [container[key], container[key]];
      return;
    case 3:
      if (!Array.isArray(container) && container !== root) define(container, word, random);
      return;
    default:
      container[key] = structuredClone(random.pick(values, null));
  }
}

/** Assigned, `__proto__` would change the object and not be one of its fields. */
function define(container: Container, name: string, random: Random): void {
  const value = structuredClone(random.pick(values, null));
  const options = { value, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(container, name, options);
}

const maximumPlaces = 2000;

function placesOf(root: Container): (readonly [Container, string])[] {
  const places: (readonly [Container, string])[] = [];
  const open: Container[] = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [key, value] of Object.entries(next)) {
      if (places.length === maximumPlaces) return places;
      places.push([next, key]);
      if (typeof value === 'object' && value !== null) open.push(value as Container);
    }
  }
  return places;
}
