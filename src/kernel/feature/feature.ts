import { fileSystemFeatures } from './feature-file-system.ts';
import { networkFeatures } from './feature-network.ts';
import { processFeatures } from './feature-process.ts';
import { securityFeatures } from './feature-security.ts';

/** Something that the kernel or the machine offers, or does not. */
export interface Feature {
  /** Short and stable, for programs: `overlay`, `namespace-user`. */
  readonly name: string;
  readonly available: boolean;
  /** What was found: a version, a list, or the error of the call. */
  readonly detail: string;
  /** What follows for keelson, as it is here. */
  readonly consequence: string;
}

/**
 * Looks at the kernel and the machine, by asking them rather than by version numbers where that is
 * possible, and without changing anything. The order is that of a report.
 */
export async function probeFeatures(): Promise<Feature[]> {
  return [
    ...processFeatures(),
    ...fileSystemFeatures(),
    ...securityFeatures(),
    ...(await networkFeatures()),
  ];
}
