import type { IncomingMessage } from 'node:http';
import { decodeJson } from '../api/decode-json.ts';
import { decodeProtobuf, openEnvelope } from '../api/decode-protobuf.ts';
import { isObject, type JsonObject } from '../api/json.ts';
import type { MessageType } from '../api/schema/type.ts';
import { badRequest } from '../api/status.ts';
import { isDomainError } from '../base/error.ts';
import { mediaType, parseJson, parseYaml, readBody } from './read-body.ts';

/** A body that is no object of a kind: what a subresource is told. Throws `BadRequest`. */
export async function readMessage(
  request: IncomingMessage,
  type: MessageType,
): Promise<JsonObject> {
  const body = await readBody(request);
  const media = mediaType(request);
  try {
    if (media === 'application/vnd.kubernetes.protobuf') {
      return decodeProtobuf(type, openEnvelope(body).raw);
    }
    const text = body.toString('utf8');
    const document = media.endsWith('yaml') ? parseYaml(text) : parseJson(text);
    if (!isObject(document)) throw badRequest('the body of the request is no object');
    return decodeJson(type, document).value;
  } catch (error) {
    if (isDomainError(error, 'invalid')) throw badRequest(error.message);
    throw error;
  }
}
