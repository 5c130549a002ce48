import { DomainError } from '../../base/error.ts';
import { ChunkedBody } from './chunked-body.ts';
import { longestOutput } from './outcome.ts';

/** What a probe wants to know of an answer. */
export interface HttpAnswer {
  readonly code: number;
  readonly location: string | undefined;
  /** Of the body, at most 10 KiB. */
  readonly text: string;
}

const longestHead = 64 * 1024;
const headEnd = Buffer.from('\r\n\r\n');

interface Head {
  readonly code: number;
  readonly location: string | undefined;
  /** Undefined where the body's end is the connection's. */
  readonly length: number | undefined;
  readonly chunked: boolean;
}

/**
 * Reads one HTTP/1 answer as it comes. What a container sends is not to be trusted: a head has at
 * most 64 KiB, and of the body only what is kept is waited for. DomainError, in the words of Go's
 * client, for what is no answer.
 */
export class HttpAnswerReader {
  readonly #chunks = new ChunkedBody(longestOutput);
  #head: Head | undefined;
  /** Of the head, until it is whole; of the body, decoded, from then on. */
  #bytes: Buffer = Buffer.alloc(0);

  /** The answer, when all of it has come. */
  take(part: Buffer): HttpAnswer | undefined {
    if (this.#head !== undefined) return this.#takeBody(this.#head, part);
    this.#bytes = Buffer.concat([this.#bytes, part]);
    this.#head = this.#takeHead();
    if (this.#head === undefined) return undefined;
    const rest = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    return this.#takeBody(this.#head, rest);
  }

  /** The same, when nothing more will come. */
  end(): HttpAnswer {
    if (this.#head === undefined) throw new DomainError('unavailable', 'EOF');
    if (this.#head.chunked || this.#head.length !== undefined) {
      throw new DomainError('unavailable', 'unexpected EOF');
    }
    return this.#answer(this.#head);
  }

  #takeHead(): Head | undefined {
    for (;;) {
      const at = this.#bytes.indexOf(headEnd);
      if (at > longestHead || (at < 0 && this.#bytes.length >= longestHead + headEnd.length)) {
        const message = `server response headers exceeded ${longestHead} bytes; aborted`;
        throw new DomainError('invalid', message);
      }
      if (at < 0) return undefined;
      const head = parseHead(this.#bytes.toString('latin1', 0, at));
      this.#bytes = this.#bytes.subarray(at + headEnd.length);
      // Others come before the answer, as 100 Continue.
      if (head.code >= 200 || head.code === 101) return head;
    }
  }

  #takeBody(head: Head, part: Buffer): HttpAnswer | undefined {
    const data = head.chunked ? this.#chunks.take(part) : part;
    const wanted = Math.min(head.length ?? Infinity, longestOutput);
    const room = wanted - this.#bytes.length;
    this.#bytes = Buffer.concat([this.#bytes, data.subarray(0, room)]);
    const isWhole = this.#bytes.length === wanted || (head.chunked && this.#chunks.ended);
    return isWhole ? this.#answer(head) : undefined;
  }

  #answer({ code, location }: Head): HttpAnswer {
    return { code, location, text: this.#bytes.toString() };
  }
}

function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const code = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1] ?? 0);
  if (code === 0) throw malformed('response', first);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf(':');
    if (at <= 0) throw malformed('header', line);
    headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
  }
  const given = headers.get('content-length');
  if (given !== undefined && !/^\d{1,15}$/.test(given)) throw malformed('length', given);
  const hasBody = code !== 204 && code !== 304 && code !== 101;
  const chunked = hasBody && headers.get('transfer-encoding')?.toLowerCase() === 'chunked';
  const length = given === undefined || chunked ? undefined : Number(given);
  return { code, location: headers.get('location'), length: hasBody ? length : 0, chunked };
}

function malformed(what: string, text: string): DomainError {
  const message = `malformed HTTP ${what} ${JSON.stringify(text.slice(0, 100))}`;
  return new DomainError('invalid', message);
}
