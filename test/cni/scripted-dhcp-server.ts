/**
 * A DHCP server that answers as it is told, one word a message of the client:
 * `node … offer:10.77.0.50 refuse offer:10.77.0.51 acknowledge:10.77.0.51`. Prints `ready`, and of
 * each message its kind and the transaction it belongs to.
 */
import { createSocket } from 'node:dgram';
import {
  decodeMessage,
  encodeMessage,
  messageType,
  option,
} from '../../cni-plugins/dhcp/message.ts';
import { parseIp } from '../../src/netlink/ip.ts';

const own = '10.77.0.1';
const words = process.argv.slice(2);
const socket = createSocket('udp4');

socket.on('message', (bytes) => {
  const message = decodeMessage(bytes);
  const kind = message.options.get(option.messageType)?.[0] ?? 0;
  console.log(`${kind} ${message.transaction}`);
  const [word, address = '0.0.0.0'] = words.shift()?.split(':') ?? [];
  if (word !== 'offer' && word !== 'refuse' && word !== 'acknowledge') return;
  const options = new Map<number, Uint8Array>([
    [option.messageType, Uint8Array.of(messageType[word])],
    [option.server, parseIp(own)],
  ]);
  if (word !== 'refuse') {
    options.set(option.subnetMask, parseIp('255.255.255.0'));
    options.set(option.leaseSeconds, Uint8Array.of(0, 0, 2, 88));
  }
  const answer = { ...message, fromServer: true, yourAddress: address, options };
  socket.send(encodeMessage(answer), 68, '10.77.0.255');
});
socket.bind(67, '0.0.0.0', () => {
  socket.setBroadcast(true);
  console.log('ready');
});
