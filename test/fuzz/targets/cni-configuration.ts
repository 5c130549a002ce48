import { networkDocument, parseNetwork, pluginInput } from '../../../src/cni/configuration.ts';
import { refusing } from '../cni-refusal.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** A file of /etc/cni/net.d. */
export const target: FuzzTarget = {
  run(input) {
    const network = refusing(() => parseNetwork(input.toString('utf8')));
    hold(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(network.name), 'a name is a file name');
    for (const plugin of network.plugins) {
      hold(!/[/\\\0]/.test(plugin.type), 'a type leads out of no folder');
      const stage = { capabilityArguments: { portMappings: [], mac: 'x' } };
      const document = pluginInput(network, plugin, stage);
      hold(document['name'] === network.name, 'a plugin cannot rename its network');
      hold(!('capabilities' in document), 'only the runtime reads capabilities');
    }
    if (network.plugins.length === 0) return;
    const again = parseNetwork(JSON.stringify(networkDocument(network)));
    hold(again.plugins.length === network.plugins.length, 'what is kept is what was read');
  },
  json: true,
  seeds: [
    JSON.stringify({
      cniVersion: '1.1.0',
      cniVersions: ['0.4.0', '1.1.0'],
      name: 'net',
      disableCheck: 'true',
      disableGC: false,
      plugins: [
        {
          type: 'bridge',
          bridge: 'cni0',
          isGateway: true,
          ipam: { type: 'host-local', ranges: [[{ subnet: '10.0.0.0/16' }]] },
        },
        { type: 'portmap', capabilities: { portMappings: true } },
        { type: 'tuning', capabilities: { mac: true } },
      ],
    }),
    JSON.stringify({
      cniVersion: '0.3.1',
      name: 'old',
      type: 'macvlan',
      master: 'eth0',
      prevResult: {},
      runtimeConfig: { mac: 'y' },
    }),
    JSON.stringify({ cniVersion: '1.0.0', name: 'loaded', loadOnlyInlinedPlugins: false }),
  ],
  words: ['"type"', '../', '\\u0000', 'capabilities', 'cniVersions', '__proto__', 'true', 'name'],
};
