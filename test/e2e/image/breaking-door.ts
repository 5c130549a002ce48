import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Door extends AsyncDisposable {
  readonly port: number;
  readonly breaks: number;
}

/** A port that leads to another one, and breaks its first connection that sends so many bytes. */
export async function openDoor(port: number, breakAfter: number): Promise<Door> {
  const state = { breaks: 0 };
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    let sent = 0;
    for (const end of [client, target]) {
      open.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        open.delete(end);
        client.destroy();
        target.destroy();
      });
    }
    client.on('data', (chunk) => {
      sent += chunk.length;
      if (state.breaks > 0 || sent < breakAfter) return;
      state.breaks += 1;
      // What came so far arrives; then the line is dead in the middle of the request.
      target.end();
      client.resetAndDestroy();
    });
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get breaks() {
      return state.breaks;
    },
    async [Symbol.asyncDispose]() {
      for (const end of open) end.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
