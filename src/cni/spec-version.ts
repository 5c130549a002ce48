/** The versions of the CNI specification that keelson speaks, oldest first. */
export const specVersions = [
  '0.1.0',
  '0.2.0',
  '0.3.0',
  '0.3.1',
  '0.4.0',
  '1.0.0',
  '1.1.0',
] as const;

export type SpecVersion = (typeof specVersions)[number];

export const newestSpecVersion: SpecVersion = '1.1.0';

/** What a configuration without `cniVersion` means. */
export const impliedSpecVersion: SpecVersion = '0.1.0';

export function isSpecVersion(text: string): text is SpecVersion {
  return (specVersions as readonly string[]).includes(text);
}

/** True when `version` is `least` or newer. */
export function atLeast(version: SpecVersion, least: SpecVersion): boolean {
  return specVersions.indexOf(version) >= specVersions.indexOf(least);
}

/** The newest of the offered versions that keelson speaks; undefined when there is none. */
export function newestOf(offered: readonly string[]): SpecVersion | undefined {
  return specVersions.findLast((version) => offered.includes(version));
}
