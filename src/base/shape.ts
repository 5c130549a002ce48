type Kind = 'string' | 'number' | 'boolean' | 'object' | 'list';

/**
 * Whether a document read from a state file has these fields, each of its kind; further ones do not
 * matter. A bit that a disk has turned can leave JSON that is JSON and nothing else.
 */
export function hasShape(value: unknown, shape: Readonly<Record<string, Kind>>): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(shape).every(([name, kind]) => {
    const field = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (kind === 'list') return Array.isArray(field);
    if (kind === 'object') {
      return typeof field === 'object' && field !== null && !Array.isArray(field);
    }
    // JSON's 1e308 is a number, but a time of as many milliseconds has no nanoseconds.
    return kind === 'number' ? isModerate(field) : typeof field === kind;
  });
}

function isModerate(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

/** A list of nothing but strings, or nothing but numbers. */
export function isListOf(value: unknown, kind: 'string' | 'number'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === kind);
}
