/** `cluster-node KUBECONFIG NAME ADDRESS`: a Node object at that address; none removes it. */
import { HttpClient } from '../../../src/api/client/http-client.ts';
import { readKubeconfig } from '../../../src/api/client/kubeconfig.ts';
import { resources } from '../../../src/api/client/resources.ts';

const [path = '', name = '', address] = process.argv.slice(2);
await using client = new HttpClient(await readKubeconfig(path), 'test');
if (address === undefined) {
  await client.delete(resources.nodes, { namespace: '', name });
} else {
  const items = (await client.list(resources.nodes)).items;
  const node =
    items.find(({ metadata }) => metadata.name === name) ??
    (await client.create(resources.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      spec: {},
    }));
  const addresses = [{ type: 'InternalIP', address }];
  await client.patch(
    resources.nodes,
    { namespace: '', name: node.metadata.name },
    { type: 'merge', document: { status: { addresses } }, subresource: 'status' },
  );
}
