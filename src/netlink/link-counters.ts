import { AttributeTable, type Codec } from './attribute.ts';
import { requireBytes, text } from './codec.ts';
import type { Connection } from './connection.ts';
import { linkType, writeLinkHeader } from './link-message.ts';
import { flag, hostIsLittle, requirePayload, type Message } from './message.ts';

/** What has passed through an interface since it was made. */
export interface LinkCounters {
  readonly index: number;
  readonly name: string;
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly receiveErrors: number;
  readonly sendErrors: number;
  readonly receiveDrops: number;
  readonly sendDrops: number;
}

/** The counters of all interfaces. `ip -s link show`. */
export async function counters(connection: Connection): Promise<LinkCounters[]> {
  return await connection.transact(
    {
      call: 'RTM_GETLINK',
      type: linkType.get,
      flags: flag.dump,
      write: (writer) => writeLinkHeader(writer, {}),
    },
    readCounters,
  );
}

/**
 * struct rtnl_link_stats64 { __u64 rx_packets, tx_packets, rx_bytes, tx_bytes, rx_errors,
 *   tx_errors, rx_dropped, tx_dropped; ... }
 */
const statistics64: Codec<readonly number[]> = {
  write() {
    throw new Error('counters are read only');
  },
  read(source, start, end) {
    requireBytes(start, end, 64);
    return [0, 1, 2, 3, 4, 5, 6, 7].map((index) =>
      Number(source.view.getBigUint64(start + index * 8, hostIsLittle)),
    );
  },
};

const table = new AttributeTable({ name: [3, text], statistics: [23, statistics64] });

function readCounters(message: Message): LinkCounters {
  requirePayload(message, 16);
  const { source, start } = message;
  const { name = '', statistics = [] } = table.read(source, start + 16, message.end);
  const at = (index: number): number => statistics[index] ?? 0;
  return {
    index: source.view.getInt32(start + 4, hostIsLittle),
    name,
    receivedPackets: at(0),
    sentPackets: at(1),
    receivedBytes: at(2),
    sentBytes: at(3),
    receiveErrors: at(4),
    sendErrors: at(5),
    receiveDrops: at(6),
    sendDrops: at(7),
  };
}
