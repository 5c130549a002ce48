import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

/** What listens in a pod: tells its name and who asked, over HTTP and UDP, on port 8080. */
const [name = '', pace = '0'] = process.argv.slice(2);
const port = 8080;

const server = createServer((request, response) => {
  const answer = `${name} ${request.socket.remoteAddress ?? ''}\n`;
  setTimeout(() => response.end(answer), Number(pace));
});
const sockets = (['udp4', 'udp6'] as const).map((type) =>
  createSocket({ type, ipv6Only: type === 'udp6' }),
);
for (const socket of sockets) {
  socket.on('message', (_, from) =>
    socket.send(`${name} ${from.address}\n`, from.port, from.address),
  );
}
server.listen(port, '::', () => {
  let left = sockets.length;
  for (const socket of sockets) {
    socket.bind(port, () => {
      left -= 1;
      if (left === 0) process.stdout.write('ready\n');
    });
  }
});

// Ends with the test, however that ends: as a pod does, with the requests that it has.
process.stdin
  .on('end', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  })
  .resume();
