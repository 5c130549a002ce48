import { AttrStream, rt as peer } from 'netlink';
import t from 'tap';
import { netlink } from '../../../src/index.ts';
import { readAddress } from '../../../src/netlink/address.ts';
import { Source, type Message } from '../../../src/netlink/message.ts';
import { readNeighbour } from '../../../src/netlink/neighbour.ts';
import { readRoute } from '../../../src/netlink/route-message.ts';
import { MessageWriter } from '../../../src/netlink/writer.ts';

const { address, link, neighbour, route } = netlink;

/** The payload of our message: the structure, then the attributes in the order of their numbers. */
function ours(request: netlink.Request, headerBytes: number): string[] {
  const writer = new MessageWriter();
  request.write(writer);
  return sorted(writer.take(), headerBytes);
}

function theirs(format: (stream: AttrStream) => void): Buffer {
  const stream = new AttrStream();
  format(stream);
  return Buffer.concat(stream.bufs);
}

function sorted(payload: Buffer, headerBytes: number): string[] {
  const attributes: string[] = [];
  for (let offset = headerBytes; offset + 4 <= payload.length;) {
    const length = payload.readUInt16LE(offset);
    const type = payload.readUInt16LE(offset + 2) & 0x3fff;
    const hex = payload.subarray(offset + 4, offset + length).toString('hex');
    attributes.push(`${String(type).padStart(3)} ${hex}`);
    offset += (length + 3) & ~3;
  }
  return [payload.subarray(0, headerBytes).toString('hex'), ...attributes.toSorted()];
}

/** As the kernel would send it. */
function message(payload: Buffer): Message {
  const source = new Source(payload);
  return { source, type: 0, flags: 0, sequence: 0, start: 0, end: payload.length };
}

const local = Buffer.from([10, 0, 0, 2]);

t.test('addresses are encoded as npm netlink encodes them', async (t) => {
  const request = address.addRequest({
    device: 7,
    address: '10.0.0.2/24',
    broadcast: '10.0.0.255',
    label: 'eth0:1',
    validSeconds: 600,
    preferredSeconds: 300,
  });
  const payload = theirs((stream) =>
    peer.formatAddressMessage(
      {
        kind: 'address',
        data: { family: 2, prefixlen: 24, scope: 0, index: 7, flags: {} },
        attrs: {
          local,
          address: local,
          broadcast: Buffer.from([10, 0, 0, 255]),
          label: 'eth0:1',
          cacheInfo: { ifaPrefered: 300, ifaValid: 600, cstamp: 0, tstamp: 0 },
        },
      },
      stream,
    ),
  );
  t.same(ours(request, 8), sorted(payload, 8));
  t.match(readAddress(message(payload)), {
    index: 7,
    address: '10.0.0.2/24',
    broadcast: '10.0.0.255',
    label: 'eth0:1',
    validSeconds: 600,
    preferredSeconds: 300,
  });
});

t.test('routes are encoded as npm netlink encodes them', async (t) => {
  const request = route.addRequest({
    to: '10.1.0.0/16',
    via: '10.0.0.1',
    device: 7,
    source: '10.0.0.2',
    metric: 50,
    table: 5000,
    protocol: 'static',
    onLink: true,
  });
  const payload = theirs((stream) =>
    peer.formatRouteMessage(
      {
        kind: 'route',
        data: {
          family: 2,
          dstLen: 16,
          table: 0,
          protocol: 'STATIC',
          scope: 'UNIVERSE',
          type: 'UNICAST',
          flags: { __unknown: 4 },
        },
        attrs: {
          dst: Buffer.from([10, 1, 0, 0]),
          gateway: Buffer.from([10, 0, 0, 1]),
          prefsrc: local,
          priority: 50,
          table: 5000,
          oif: 7,
        },
      },
      stream,
    ),
  );
  t.same(ours(request, 12), sorted(payload, 12));
  t.match(readRoute(message(payload)), {
    to: '10.1.0.0/16',
    via: '10.0.0.1',
    index: 7,
    metric: 50,
    table: 5000,
    protocol: 'static',
    onLink: true,
  });
});

t.test('neighbours are encoded as npm netlink encodes them', async (t) => {
  const linkAddress = '02:00:00:00:00:09';
  const request = neighbour.addRequest({ device: 7, address: '10.0.0.2', linkAddress });
  const payload = theirs((stream) =>
    peer.formatNeighborMessage(
      {
        kind: 'neighbor',
        data: { family: 2, ifindex: 7, state: { permanent: true }, flags: {} },
        attrs: { dst: local, lladdr: Buffer.from('020000000009', 'hex') },
      },
      stream,
    ),
  );
  t.same(ours(request, 12), sorted(payload, 12));
  t.match(readNeighbour(message(payload)), {
    index: 7,
    address: '10.0.0.2',
    linkAddress,
    state: 'permanent',
  });
});

t.test('links are encoded as npm netlink encodes them', async (t) => {
  const changes = { mtu: 1400, alias: 'größe', group: 3, transmitQueueLength: 9, master: 4 };
  const request = link.setRequest(7, { up: true, ...changes, address: '02:00:00:00:00:09' });
  const payload = theirs((stream) =>
    peer.formatLinkMessage(
      {
        kind: 'link',
        data: { index: 7, flags: { up: true }, change: { up: true } },
        attrs: {
          mtu: 1400,
          ifalias: 'größe',
          group: 3,
          txqlen: 9,
          master: 4,
          address: Buffer.from('020000000009', 'hex'),
        },
      },
      stream,
    ),
  );
  t.same(ours(request, 16), sorted(payload, 16));
});
