import { DomainError } from '../base/error.ts';

const factors = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 } as const;
const fewestBits = 1000;
const mostBits = 1e15;

/** `10M` is ten million bits a second, as the annotations of Kubernetes have it; 0 is no limit. */
export function parseRate(text: string, flag: string): { readonly rateBits: number } {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:bit(?:\/s)?)?$/i.exec(text) ?? [];
  const factor = factors[unit.toLowerCase() as keyof typeof factors];
  const rateBits = Math.round(Number(digits) * factor);
  const fits =
    digits !== '' && (rateBits === 0 || (rateBits >= fewestBits && rateBits <= mostBits));
  if (fits) return { rateBits };
  throw new DomainError(
    'invalid',
    `${flag} "${text}" is no rate between 1k and 1000T bits a second`,
  );
}
