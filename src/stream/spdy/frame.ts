/** Control frames, by their numbers: SPDY draft 3.1, 2.6. */
export const frameType = {
  synStream: 1,
  synReply: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const resetStatus = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
  internalError: 6,
} as const;

export type Frame =
  /** One piece of a data frame, as it came in; `end` only with the last of the stream's last. */
  | {
      readonly type: 'data';
      readonly stream: number;
      readonly bytes: Buffer;
      readonly end: boolean;
    }
  | {
      readonly type: 'open';
      readonly stream: number;
      readonly block: Buffer;
      readonly end: boolean;
    }
  | {
      readonly type: 'reply';
      readonly stream: number;
      readonly block: Buffer;
      readonly end: boolean;
    }
  | {
      readonly type: 'headers';
      readonly stream: number;
      readonly block: Buffer;
      readonly end: boolean;
    }
  | { readonly type: 'reset'; readonly stream: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway' }
  /** Settings, windows, and what a later version may have added. */
  | { readonly type: 'other' };

const version = 3;
const endFlag = 1;

/** The head of a data frame; `length` bytes follow. */
export function dataHead(stream: number, length: number, end: boolean): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(stream);
  head.writeUInt32BE(length, 4);
  head.writeUInt8(end ? endFlag : 0, 4);
  return head;
}

/** SYN_STREAM without an associated stream, at the highest priority. */
export function synStream(stream: number, block: Buffer): Buffer {
  const payload = Buffer.alloc(10);
  payload.writeUInt32BE(stream);
  return control(frameType.synStream, Buffer.concat([payload, block]));
}

export function synReply(stream: number, block: Buffer): Buffer {
  return control(frameType.synReply, Buffer.concat([numbers(stream), block]));
}

export function reset(stream: number, status: number): Buffer {
  return control(frameType.reset, numbers(stream, status));
}

/** SETTINGS without any: changes nothing and is not answered. */
export function noSettings(): Buffer {
  return control(frameType.settings, numbers(0));
}

export function ping(id: number): Buffer {
  return control(frameType.ping, numbers(id));
}

/** Status 0: nothing is wrong. */
export function goAway(lastStream: number, status = 0): Buffer {
  return control(frameType.goAway, numbers(lastStream, status));
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  return control(frameType.windowUpdate, numbers(stream, bytes));
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}

function control(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8000 | version);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}
