import t from 'tap';
import { decodeFrame, encodeFrame } from '../../../../cni-plugins/dhcp/frame.ts';
import { leaseIn } from '../../../../cni-plugins/dhcp/lease.ts';
import { decodeMessage, encodeMessage, option } from '../../../../cni-plugins/dhcp/message.ts';
import { DomainError } from '../../../../src/base/error.ts';

const mac = '02:00:00:00:00:01';
const acknowledge = {
  fromServer: true,
  transaction: 0xdeadbeef,
  clientAddress: '0.0.0.0',
  yourAddress: '10.1.0.5',
  mac,
  options: new Map<number, Uint8Array>([
    [option.messageType, Uint8Array.of(5)],
    [option.subnetMask, Uint8Array.of(255, 255, 252, 0)],
    [option.server, Uint8Array.of(10, 1, 0, 1)],
    [option.router, Uint8Array.of(10, 1, 0, 2, 10, 1, 0, 3)],
    [option.leaseSeconds, Uint8Array.of(0, 0, 2, 88)],
  ]),
};

const withOption = (code: number, ...bytes: number[]) => ({
  ...acknowledge,
  options: new Map([...acknowledge.options, [code, Uint8Array.from(bytes)] as const]),
});

t.test('a message is what was encoded', async (t) => {
  const decoded = decodeMessage(encodeMessage(acknowledge));
  t.match(decoded, { fromServer: true, transaction: 0xdeadbeef, yourAddress: '10.1.0.5', mac });
  t.same(decoded.options.get(option.router), Buffer.from([10, 1, 0, 2, 10, 1, 0, 3]));
});

t.test('a lease has its times, and routes by the rules of RFC 3442', async (t) => {
  const lease = leaseIn(acknowledge, mac, 0);
  t.match(lease, {
    address: '10.1.0.5',
    prefixLength: 22,
    gateway: '10.1.0.2',
    server: '10.1.0.1',
  });
  t.same([lease.renewAt, lease.rebindAt, lease.expireAt], [300_000, 510_000, 600_000]);
  t.same(lease.routes, [{ destination: '0.0.0.0/0', gateway: '10.1.0.2' }]);
  const classless = leaseIn(withOption(121, 24, 192, 0, 2, 10, 1, 0, 9, 0, 0, 0, 0, 0), mac, 0);
  t.same(classless.routes, [
    { destination: '192.0.2.0/24', gateway: '10.1.0.9' },
    { destination: '0.0.0.0/0', scope: 253 },
  ]);
});

t.test('what a hostile server offers is refused', async (t) => {
  const hostile = [
    { ...acknowledge, yourAddress: '127.0.0.1' },
    { ...acknowledge, yourAddress: '0.0.0.0' },
    { ...acknowledge, yourAddress: '224.0.0.1' },
    { ...acknowledge, options: new Map() },
    withOption(option.subnetMask, 255, 0, 255, 0),
    withOption(option.subnetMask, 255, 255),
    withOption(option.router, 10, 1, 0),
    withOption(option.router, 255, 255, 255, 255),
    withOption(option.leaseSeconds, 1),
    withOption(121, 33, 1, 2, 3, 4, 5, 10, 1, 0, 1),
    withOption(121, 24, 192, 0),
    withOption(
      121,
      ...Array.from({ length: 129 }, () => [0, 10, 1, 0, 1])
        .flat()
        .slice(0, 645),
    ),
  ];
  for (const message of hostile) {
    t.throws(() => leaseIn(message, mac, 0), /A DHCP server offers/);
  }
  const times = leaseIn(withOption(option.renewalSeconds, 255, 255, 255, 255), mac, 0);
  t.ok(times.renewAt <= times.rebindAt && times.rebindAt <= times.expireAt);
  const shortest = leaseIn(withOption(option.leaseSeconds, 0, 0, 0, 0), mac, 0);
  t.equal(shortest.expireAt, 10_000);
});

t.test('a frame has the checksums that the kernel wants, and is read again', async (t) => {
  const payload = encodeMessage(acknowledge);
  const frame = encodeFrame({
    sourceMac: mac,
    destinationMac: 'ff:ff:ff:ff:ff:ff',
    source: '0.0.0.0',
    destination: '255.255.255.255',
    payload,
  });
  t.equal(decodeFrame(frame), undefined, 'from the client, not to it');
  frame.writeUInt16BE(67, 34);
  frame.writeUInt16BE(68, 36);
  t.same(decodeFrame(frame)?.payload, payload);
  frame.writeUInt8(1, 22);
  t.equal(decodeFrame(frame), undefined, 'a wrong checksum');
});

t.test('no bytes make the decoders throw anything but DomainError', async (t) => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % below;
  };
  const whole = encodeMessage(withOption(121, 24, 192, 0, 2, 10, 1, 0, 9));
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(whole.subarray(0, 200 + random(whole.length - 200)));
    for (let change = random(6); change >= 0; change--) bytes[random(bytes.length)] = random(256);
    try {
      decodeFrame(bytes);
      leaseIn(decodeMessage(bytes), mac, 0);
    } catch (error) {
      if (!(error instanceof DomainError)) t.fail(`round ${round}: ${String(error)}`);
    }
  }
  t.pass('20,000 changed messages');
});
