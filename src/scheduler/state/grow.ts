/** The column, with room for the slot: itself, or a longer copy. */
export function grownInts(column: Int32Array, slot: number): Int32Array<ArrayBuffer> {
  if (slot < column.length) return column as Int32Array<ArrayBuffer>;
  const longer = new Int32Array(lengthFor(slot));
  longer.set(column);
  return longer;
}

export function grownBytes(column: Uint8Array, slot: number): Uint8Array<ArrayBuffer> {
  if (slot < column.length) return column as Uint8Array<ArrayBuffer>;
  const longer = new Uint8Array(lengthFor(slot));
  longer.set(column);
  return longer;
}

export function grownFloats(column: Float64Array, slot: number): Float64Array<ArrayBuffer> {
  if (slot < column.length) return column as Float64Array<ArrayBuffer>;
  const longer = new Float64Array(lengthFor(slot));
  longer.set(column);
  return longer;
}

function lengthFor(slot: number): number {
  return Math.max(64, 2 ** Math.ceil(Math.log2(slot + 1)));
}
