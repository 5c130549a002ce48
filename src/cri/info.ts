/**
 * The verbose `info` of a status: crictl shows the document under the key "info" as its own. Empty
 * fields are left out, as in the Go structures that its readers know.
 */
export function documents(info: object): Record<string, string> {
  return { info: JSON.stringify(info, withoutEmpty) };
}

function withoutEmpty(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array) return Buffer.from(original).toString();
  if (key === '' || Array.isArray(this)) return value;
  if (value === '' || value === 0 || value === false || value === undefined) return undefined;
  return isEmpty(value) ? undefined : value;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
