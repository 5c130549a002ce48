import type { Feature } from './probe.ts';
import { fileSystemFeatures } from './feature-file-system.ts';
import { networkFeatures } from './feature-network.ts';
import { processFeatures } from './feature-process.ts';
import { securityFeatures } from './feature-security.ts';

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
