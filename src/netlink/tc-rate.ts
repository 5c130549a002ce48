import type { Codec } from './attribute.ts';
import { requireBytes } from './codec.ts';
import { hostIsLittle, type Source } from './message.ts';
import type { MessageWriter } from './writer.ts';

/** The scheduler's clock: PSCHED_SHIFT 6 in net/pkt_sched.h, a tick is 64 ns. */
const nanosecondsPerTick = 64;
const maximum32 = 0xffffffff;

/** How long `bytes` take at a rate, in ticks of the scheduler, as tc_calc_xmittime has it. */
export function ticksFor(bytes: number, rateBytes: number): number {
  const ticks = Math.floor((bytes / rateBytes) * (1e9 / nanosecondsPerTick));
  return Math.min(ticks, maximum32);
}

/** The bytes that a rate lets pass in that many ticks. */
export function bytesIn(ticks: number, rateBytes: number): number {
  return Math.round((ticks * nanosecondsPerTick * rateBytes) / 1e9);
}

/**
 * struct tc_ratespec { u8 cell_log, linklayer; u16 overhead; s16 cell_align; u16 mpu; u32 rate; }
 *
 * The link layer is named (Ethernet), or the kernel wants a table of 256 transmission times.
 */
export function writeRate(writer: MessageWriter, offset: number, rateBytes: number): void {
  const ethernet = 1;
  writer.view.setUint8(offset + 1, ethernet);
  writer.view.setUint32(offset + 8, Math.min(rateBytes, maximum32), hostIsLittle);
}

export function readRate(source: Source, offset: number): number {
  return source.view.getUint32(offset + 8, hostIsLittle);
}

/** Rates from 2^32 bytes a second have an attribute of their own. */
export function wideRate(rateBytes: number | undefined): bigint | undefined {
  return rateBytes !== undefined && rateBytes > maximum32 ? BigInt(rateBytes) : undefined;
}

export interface TokenBucket {
  readonly rateBytes: number;
  readonly peakRateBytes: number;
  readonly limitBytes: number;
  readonly bufferTicks: number;
  readonly mtuTicks: number;
}

/** struct tc_tbf_qopt { tc_ratespec rate, peakrate; u32 limit; u32 buffer; u32 mtu; } */
export const tokenBucket: Codec<TokenBucket> = {
  write(writer, type, value) {
    const offset = writer.attribute(type, 36);
    writeRate(writer, offset, value.rateBytes);
    if (value.peakRateBytes > 0) writeRate(writer, offset + 12, value.peakRateBytes);
    writer.view.setUint32(offset + 24, value.limitBytes, hostIsLittle);
    writer.view.setUint32(offset + 28, value.bufferTicks, hostIsLittle);
    writer.view.setUint32(offset + 32, value.mtuTicks, hostIsLittle);
  },
  read(source, start, end) {
    requireBytes(start, end, 36);
    return {
      rateBytes: readRate(source, start),
      peakRateBytes: readRate(source, start + 12),
      limitBytes: source.view.getUint32(start + 24, hostIsLittle),
      bufferTicks: source.view.getUint32(start + 28, hostIsLittle),
      mtuTicks: source.view.getUint32(start + 32, hostIsLittle),
    };
  },
};

export interface HtbParameters {
  readonly rateBytes: number;
  readonly ceilBytes: number;
  readonly bufferTicks: number;
  readonly ceilBufferTicks: number;
  readonly quantum: number;
  readonly priority: number;
}

/** struct tc_htb_opt { tc_ratespec rate, ceil; u32 buffer, cbuffer, quantum, level, prio; } */
export const htbParameters: Codec<HtbParameters> = {
  write(writer, type, value) {
    const offset = writer.attribute(type, 44);
    writeRate(writer, offset, value.rateBytes);
    writeRate(writer, offset + 12, value.ceilBytes);
    writer.view.setUint32(offset + 24, value.bufferTicks, hostIsLittle);
    writer.view.setUint32(offset + 28, value.ceilBufferTicks, hostIsLittle);
    writer.view.setUint32(offset + 32, value.quantum, hostIsLittle);
    writer.view.setUint32(offset + 40, value.priority, hostIsLittle);
  },
  read(source, start, end) {
    requireBytes(start, end, 44);
    return {
      rateBytes: readRate(source, start),
      ceilBytes: readRate(source, start + 12),
      bufferTicks: source.view.getUint32(start + 24, hostIsLittle),
      ceilBufferTicks: source.view.getUint32(start + 28, hostIsLittle),
      quantum: source.view.getUint32(start + 32, hostIsLittle),
      priority: source.view.getUint32(start + 40, hostIsLittle),
    };
  },
};
