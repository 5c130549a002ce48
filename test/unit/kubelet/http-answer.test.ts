import t from 'tap';
import { type HttpAnswer, HttpAnswerReader } from '../../../src/kubelet/probe/http-answer.ts';
import { longestOutput } from '../../../src/kubelet/probe/outcome.ts';

/** The answer to what came in these pieces before the connection was closed. */
function read(...parts: readonly string[]): HttpAnswer {
  const reader = new HttpAnswerReader();
  for (const part of parts) {
    const answer = reader.take(Buffer.from(part));
    if (answer !== undefined) return answer;
  }
  return reader.end();
}

t.test('an answer ends where it says, or with its connection', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\n';
  const ok = { code: 200, text: 'ok' };
  t.match(read(`${head}Content-Length: 2\r\n\r\nok and more`), ok);
  t.match(read(`${head}\r\nok`), ok);
  t.match(read(head, '\r', '\no', 'k'), ok);
  t.match(read(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n`, '1;x=y\r\nk\r\n0\r\n'), ok);
  t.match(read('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'), { code: 204, text: '' });
  t.match(read(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${head}\r\nok`), ok);
  t.match(read('HTTP/1.0 302\r\nLOCATION:  /there \r\n\r\n'), { code: 302, location: '/there' });
});

t.test('what is cut, or is no answer, is told in the words of Go', async (t) => {
  t.throws(() => read(), { message: 'EOF' });
  t.throws(() => read('HTTP/1.1 200'), { message: 'EOF' });
  t.throws(() => read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok'), {
    message: 'unexpected EOF',
  });
  t.throws(() => read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n'), {
    message: 'unexpected EOF',
  });
  t.throws(() => read('SSH-2.0-OpenSSH_9.2\r\n\r\n'), {
    message: 'malformed HTTP response "SSH-2.0-OpenSSH_9.2"',
  });
  t.throws(() => read('HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'), { message: /malformed HTTP header/ });
  t.throws(() => read('HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'), {
    message: /malformed HTTP length/,
  });
  t.throws(() => read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'), {
    message: 'invalid byte in chunk length',
  });
});

t.test('an answer without an end is neither waited for nor kept', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\n';
  const long = 'x'.repeat(longestOutput * 2);
  t.equal(read(`${head}\r\n${long}`).text.length, longestOutput);
  t.equal(read(`${head}Content-Length: 99999999\r\n\r\n${long}`).text.length, longestOutput);
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
  t.equal(read(chunked, `ffffffff\r\n${long}`).text.length, longestOutput);
  t.equal(read(chunked, '1\r\nx\r\n'.repeat(longestOutput)).text.length, longestOutput);
  t.throws(() => read(head, `a: ${'x'.repeat(70_000)}`), { message: /headers exceeded/ });
  t.throws(() => read(chunked, `1;${'x'.repeat(5000)}`), { message: /chunk header/ });
});
