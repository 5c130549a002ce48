import { isDomainError } from '../../../src/base/error.ts';
import { type HttpAnswer, HttpAnswerReader } from '../../../src/kubelet/probe/http-answer.ts';
import { longestOutput } from '../../../src/kubelet/probe/outcome.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** What a container answers to a probe. */
export const target: FuzzTarget = {
  run(input) {
    const whole = read([input]);
    if (typeof whole !== 'string' && whole !== undefined) {
      hold(whole.code >= 100 && whole.code <= 999, 'a code has three digits');
      hold(Buffer.byteLength(whole.text) <= 3 * longestOutput, 'an answer has a bound');
    }
    const bytes = Array.from({ length: input.length }, (_, at) => input.subarray(at, at + 1));
    const inBytes = read(bytes);
    hold(JSON.stringify(inBytes) === JSON.stringify(whole), 'how it is cut does not matter');
  },
  seeds: [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.0 503 Service Unavailable\r\n\r\nwords',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\n\r\n',
  ],
  words: ['\r\n\r\n', '0\r\n', 'ffffffff\r\n', 'chunked', 'Content-Length: 99999999999'],
};

/** The answer, or why there is none. */
function read(parts: readonly Buffer[]): HttpAnswer | string | undefined {
  const reader = new HttpAnswerReader();
  try {
    for (const part of parts) {
      const answer = reader.take(part);
      if (answer !== undefined) return answer;
    }
    return reader.end();
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return error.message;
  }
}
