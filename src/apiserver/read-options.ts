import { decodeProtobuf, openEnvelope } from '../api/decode-protobuf.ts';
import type { JsonObject } from '../api/json.ts';
import { messageType } from '../api/schema/schema.ts';

/** `DeleteOptions` from a protobuf body. Throws DomainError `invalid`. */
export function decodeOptions(body: Buffer): JsonObject {
  return decodeProtobuf(messageType('meta.v1.DeleteOptions'), openEnvelope(body).raw);
}
