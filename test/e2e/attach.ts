/** Attaches a namespace as a runtime does: `node attach.ts ID NETNS`, settings from KEELSON_*. */
import { discoverNetworks } from '../../src/cni/discovery.ts';
import { networkFor } from '../../src/cli/collect-cni.ts';
import { parseConfig } from '../../src/cri/config.ts';

const [containerId = '', netns = ''] = process.argv.slice(2);
const config = parseConfig('', process.env, {});
const { networks } = await discoverNetworks(config.cniConfig);
for (const { network } of networks) {
  await networkFor(config, network).add({ containerId, interfaceName: 'eth0', netns });
}
process.exit(0);
