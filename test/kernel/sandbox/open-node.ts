import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeelsonEngine } from '../../../src/container/engine.ts';
import { PodNetwork } from '../../../src/sandbox/pod-network.ts';
import { KeelsonSandboxes } from '../../../src/sandbox/sandboxes.ts';

/** An engine and its pods on one folder, with a network that keeps a file for each attachment. */
export function openNode(folder: string): { engine: KeelsonEngine; pods: KeelsonSandboxes } {
  const engine = new KeelsonEngine({ stateFolder: join(folder, 'state') });
  const network = new PodNetwork({
    configurationFolder: join(folder, 'net.d'),
    pluginFolders: [join(folder, 'bin')],
    cacheFolder: join(folder, 'results'),
  });
  const networkFolder = join(folder, 'netns');
  return { engine, pods: new KeelsonSandboxes({ engine, network, networkFolder }) };
}

/** The network's configuration and its one plugin, a shell script. */
export function writeNetwork(folder: string): void {
  for (const name of ['net.d', 'bin', 'leases']) mkdirSync(join(folder, name));
  const plugin = { cniVersion: '1.0.0', name: 'files', plugins: [{ type: 'files' }] };
  writeFileSync(join(folder, 'net.d/1.conflist'), JSON.stringify(plugin));
  const script = `#!/bin/sh
cat > /dev/null
lease=${folder}/leases/$CNI_CONTAINERID
case $CNI_COMMAND in
  ADD) touch $lease; echo '{"cniVersion":"1.0.0","ips":[{"address":"10.9.8.7/24"}]}' ;;
  DEL) rm -f $lease ;;
esac
`;
  writeFileSync(join(folder, 'bin/files'), script, { mode: 0o755 });
}

export function leases(folder: string): string[] {
  return readdirSync(join(folder, 'leases'));
}
