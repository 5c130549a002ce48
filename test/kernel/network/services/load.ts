import { get } from 'node:http';

/**
 * Eight clients, a new connection for each request, until the input ends; then the outcome. For
 * each byte of input a line, once every client has begun and ended a request after it.
 */
const [url = ''] = process.argv.slice(2);
const failures: string[] = [];
const state = { requests: 0, ended: false };
const done = Array.from({ length: 8 }, () => 0);
const waiting: (readonly number[])[] = [];
process.stdin.on('end', () => (state.ended = true));
process.stdin.on('data', () => waiting.push(done.map((count) => count + 2)));

function request(): Promise<void> {
  return new Promise((resolve) => {
    const fail = (reason: string): void => {
      failures.push(reason);
      resolve();
    };
    get(url, { agent: false, timeout: 30_000 }, (response) => {
      response.on('data', () => undefined);
      response.on('end', () => resolve());
      response.on('error', (error) => fail(error.message));
    })
      .on('timeout', () => fail('timeout'))
      .on('error', (error) => fail(error.message));
  });
}

async function client(_: unknown, number: number): Promise<void> {
  while (!state.ended) {
    await request();
    state.requests += 1;
    done[number] = (done[number] ?? 0) + 1;
    while (waiting[0]?.every((count, i) => (done[i] ?? 0) >= count) === true) {
      waiting.shift();
      process.stdout.write('settled\n');
    }
  }
}

await Promise.all(Array.from({ length: done.length }, client));
const { requests } = state;
process.stdout.write(`${JSON.stringify({ requests, failures: failures.slice(0, 20) })}\n`);
process.exit(0);
