/**
 * What this kernel and machine offer, and what follows for keelson: `keelson doctor` as a library.
 *
 *     $ sudo node test/examples/features.ts namespace-net openat2
 *     namespace-net: Used
 *     openat2: Paths inside images and containers are resolved without leaving them
 */
import { probeFeatures } from '../../src/index.ts';

const asked = process.argv.slice(2);
for (const { name, available, consequence, detail } of await probeFeatures()) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`${name}: ${available ? consequence : `missing (${detail}). ${consequence}`}`);
}
