/**
 * The formats that interface files have, as "Interface Files" of the kernel's cgroup-v2 document
 * names them.
 */

/** Blank-separated values: `cpu io memory`. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** Flat keyed: `populated 0`, a line each. */
export function flatKeyed(text: string): Map<string, number> {
  return new Map(
    lines(text).map((line) => {
      const [key = '', value = ''] = line.split(' ');
      return [key, numberOf(value)];
    }),
  );
}

/** Nested keyed: `8:16 rbytes=1459200 wbytes=314773504`, a line each; values stay text. */
export function nestedKeyed(text: string): Map<string, Map<string, string>> {
  return new Map(
    lines(text).map((line) => {
      const [key = '', ...pairs] = line.split(' ').filter((word) => word !== '');
      const fields = pairs.map((pair): [string, string] => {
        const at = pair.indexOf('=');
        return at < 0 ? ['', pair] : [pair.slice(0, at), pair.slice(at + 1)];
      });
      return [key, new Map(fields)];
    }),
  );
}

/** `max` is no limit, and so is hugetlb's word for it, 2^63 less a page. */
export function numberOf(text: string): number {
  const value = text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
  return value > 2 ** 62 ? Number.POSITIVE_INFINITY : value;
}
