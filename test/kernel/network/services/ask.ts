import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/**
 * Sends a datagram from a port for each line it reads, and again while there is no answer (the
 * kernel bounds the rate of its ICMP errors), and tells the answer as a line.
 */
const [address = '', port = '', from = '0'] = process.argv.slice(2);
const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
const patience = 40;
const pauseMs = 500;
let timer: NodeJS.Timeout | undefined;

function tell(what: string): void {
  if (timer === undefined) return;
  clearInterval(timer);
  timer = undefined;
  process.stdout.write(`${what.trim()}\n`);
}

socket.on('message', (bytes) => tell(bytes.toString()));
socket.on('error', (error: NodeJS.ErrnoException) => tell(error.code ?? error.message));
socket.bind(Number(from), () => {
  // A connected socket is told of ICMP errors.
  socket.connect(Number(port), address, () => {
    process.stdin.on('data', () => {
      let sent = 1;
      timer = setInterval(() => {
        if (++sent > patience) tell('nothing');
        else socket.send('?\n');
      }, pauseMs);
      socket.send('?\n');
    });
    process.stdin.on('end', () => process.exit(0));
  });
});
