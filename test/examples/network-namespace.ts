/**
 * A network namespace of its own, kept by a file, with a server and a client inside.
 *
 *     $ sudo node test/examples/network-namespace.ts
 *     pinned, and lsns would show it: true
 *     the server inside says: hello
 *     from the host: connect: ECONNREFUSED
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket, createServer } from 'node:net';
import {
  AddressFamily,
  SocketType,
  isKernelError,
  listNamespaces,
  netlink,
  openNamespace,
  openNamespaceOf,
  pinNewNetwork,
  socketIn,
  unpinNamespace,
} from '../../src/index.ts';

const folder = mkdtempSync('/tmp/keelson-example-');
const path = `${folder}/net`;
await pinNewNetwork(path);
try {
  const listed = await listNamespaces('net');
  console.log(`pinned, and lsns would show it: ${listed.some((each) => each.pins.includes(path))}`);

  using inside = openNamespace(path, 'net');
  using host = openNamespaceOf(process.pid, 'net');
  const address = { host: '127.0.0.1', port: 8080 };
  const tcp = { family: AddressFamily.inet, type: SocketType.stream };
  using connection = await netlink.open({ namespace: path });
  await netlink.link.setUp(connection, 'lo');

  const listening = await socketIn(inside, { ...tcp, local: address, backlog: 1 });
  const server = createServer((client) => client.end('hello')).listen({ fd: listening.release() });
  const connected = await socketIn(inside, { ...tcp, remote: address });
  const client = new Socket({ fd: connected.release() });
  const [text] = (await once(client, 'data')) as [Buffer];
  console.log(`the server inside says: ${text.toString()}`);

  await socketIn(host, { ...tcp, remote: address }).catch((error: unknown) => {
    if (isKernelError(error)) console.log(`from the host: ${error.message}`);
  });
  client.destroy();
  server.close();
} finally {
  unpinNamespace(path);
  rmSync(folder, { recursive: true });
}
