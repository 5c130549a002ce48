import { DomainError } from '../base/error.ts';
import { shortened } from './digest.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** '' where the architecture has none. */
  readonly variant: string;
}

const architectureOfNode: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
};

const aliases: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  i686: '386',
  armhf: 'arm',
  armel: 'arm',
};

/** The machine's own. Node does not tell an arm variant apart further than by its build. */
export function hostPlatform(arch: string = process.arch): Platform {
  const architecture = architectureOfNode[arch] ?? arch;
  return normalizePlatform({ os: 'linux', architecture, variant: '' });
}

/** `linux/arm64/v8`, `linux/amd64`, or an architecture alone. Throws DomainError `invalid`. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  const isValid =
    parts.length <= 3 && parts.every((part) => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(part));
  if (!isValid) throw new DomainError('invalid', `Platform "${shortened(text)}" is not valid`);
  const [first = '', architecture, variant = ''] = parts;
  if (architecture === undefined)
    return normalizePlatform({ os: 'linux', architecture: first, variant });
  return normalizePlatform({ os: first, architecture, variant });
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== '').join('/');
}

/** The variant that is meant when none is written: arm is v7, arm64 is v8, amd64 is v1. */
export function normalizePlatform({ os, architecture, variant }: Platform): Platform {
  const name = architecture.toLowerCase();
  const known = aliases[name] ?? name;
  const given = variant.toLowerCase();
  if (known === 'arm') return { os, architecture: known, variant: armVariant(name, given) };
  if (known === 'arm64')
    return { os, architecture: known, variant: given === '8' ? 'v8' : given || 'v8' };
  if (known === 'amd64') return { os, architecture: known, variant: given || 'v1' };
  return { os, architecture: known, variant: given };
}

function armVariant(name: string, variant: string): string {
  if (variant !== '') return /^[5-8]$/.test(variant) ? `v${variant}` : variant;
  return name === 'armel' ? 'v6' : 'v7';
}

/**
 * What a machine of this platform can run, the best first: its own variant, then the lower ones,
 * and on the 64-bit machines the 32-bit architecture that they contain.
 */
export function runnablePlatforms(platform: Platform): readonly Platform[] {
  const { os, architecture, variant } = normalizePlatform(platform);
  const of = (architecture: string, variants: readonly string[]): Platform[] =>
    variants.map((variant) => ({ os, architecture, variant }));
  switch (architecture) {
    case 'arm':
      return of('arm', variantsFrom(variant));
    case 'arm64':
      return [
        ...of('arm64', [...new Set([variant, 'v8'])]),
        ...of('arm', ['v8', 'v7', 'v6', 'v5']),
      ];
    case 'amd64':
      return [...of('amd64', variantsFrom(variant)), ...of('386', [''])];
    default:
      return [{ os, architecture, variant }];
  }
}

/** v7 runs v7, v6 and v5; v3 of amd64 runs v3, v2 and v1. */
function variantsFrom(variant: string): string[] {
  const number = /^v([1-9])$/.exec(variant)?.[1];
  if (number === undefined) return [variant];
  return Array.from({ length: Number(number) }, (_, index) => `v${Number(number) - index}`);
}

/** The first entry that fits the platform best; undefined when none does. */
export function choosePlatform<T extends { readonly platform?: Platform }>(
  entries: readonly T[],
  wanted: Platform,
): T | undefined {
  const runnable = runnablePlatforms(wanted);
  const ranked = entries.flatMap((entry) => {
    if (entry.platform === undefined) return [];
    const rank = rankOf(entry.platform, runnable);
    return rank === -1 ? [] : [{ entry, rank }];
  });
  const best = ranked.reduce<(typeof ranked)[number] | undefined>(
    (best, item) => (best === undefined || item.rank < best.rank ? item : best),
    undefined,
  );
  // An entry without a platform fits when there is no choice to make.
  return best?.entry ?? (entries.length === 1 && !entries[0]?.platform ? entries[0] : undefined);
}

export function canRun(image: Platform, machine: Platform): boolean {
  return rankOf(image, runnablePlatforms(machine)) !== -1;
}

function rankOf(platform: Platform, runnable: readonly Platform[]): number {
  const { os, architecture, variant } = normalizePlatform(platform);
  return runnable.findIndex(
    (item) => item.os === os && item.architecture === architecture && item.variant === variant,
  );
}
