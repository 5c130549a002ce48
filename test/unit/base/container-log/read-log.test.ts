import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { parseLogLine, parseTime } from '../../../../src/base/container-log/log-line.ts';
import { readLog } from '../../../../src/base/container-log/read-log.ts';

const folder = await mkdtemp('/tmp/keelson-log-');
t.teardown(() => rm(folder, { recursive: true }));

const line = (second: number, text: string, tag = 'F'): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000001Z stdout ${tag} ${text}\n`;

async function read(path: string, request: object = {}): Promise<string[]> {
  const texts: string[] = [];
  const bounds = { sinceNs: 0n, untilNs: 0n, ...request };
  for await (const lines of readLog(path, bounds)) {
    texts.push(...lines.map(({ text }) => text.toString()));
  }
  return texts;
}

t.test('a line has a time to the nanosecond, a stream, and its text with blanks', async (t) => {
  const parsed = parseLogLine(Buffer.from('2026-01-01T00:00:00.123456789Z stderr P:tag  a b '));
  t.match(parsed, { error: true, whole: false, text: Buffer.from(' a b ') });
  t.equal(parsed?.atNs, BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n + 123456789n);
  t.equal(parseTime('2026-01-01T01:00:00+01:00'), BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n);
});

t.test('what is no such line is passed over', async (t) => {
  for (const text of ['', 'x', 'x stdout F y', '2026-01-01T00:00:00Z stdin F x', 'a b c d']) {
    t.equal(parseLogLine(Buffer.from(text)), undefined, text);
  }
  t.equal(parseLogLine(Buffer.from('2026-01-01T00:00:00Z stdout Q x')), undefined);
});

t.test('tail counts whole lines, with the parts they came in', async (t) => {
  const path = `${folder}/tail`;
  const long = 'x'.repeat(70_000);
  await writeFile(path, line(1, 'one') + line(2, 'two-', 'P') + line(2, 'end') + line(3, long));
  t.same(await read(path, { tail: 1 }), [long]);
  t.same(await read(path, { tail: 2 }), ['two-', 'end', long]);
  t.same((await read(path, { tail: 9 })).length, 4);
  t.same(await read(path, { tail: 0 }), []);
  t.same(await read(`${folder}/none`), [], 'a missing log has no lines');
});

t.test('tail of a long log is the end of it, wherever blocks begin', async (t) => {
  const path = `${folder}/long`;
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`);
  await writeFile(path, lines.map((text) => line(1, text)).join(''));
  for (const count of [1, 700, 1501, 19_999]) {
    t.same(await read(path, { tail: count }), lines.slice(-count), String(count));
  }
});

t.test('since and until are inclusive bounds', async (t) => {
  const path = `${folder}/bounds`;
  await writeFile(path, line(1, 'a') + line(2, 'b') + line(3, 'c'));
  const at = parseTime('2026-01-01T00:00:02.000000001Z') ?? 0n;
  t.same(await read(path, { sinceNs: at }), ['b', 'c']);
  t.same(await read(path, { untilNs: at }), ['a', 'b']);
});

t.test('following sees what is appended, goes over a rotation, and ends', async (t) => {
  const path = `${folder}/follow`;
  await writeFile(path, line(1, 'a'));
  const end = new AbortController();
  const texts = read(path, { follow: end.signal });
  await sleep(100);
  await appendFile(path, line(2, 'b').slice(0, 20));
  await sleep(100);
  await appendFile(path, line(2, 'b').slice(20));
  await rename(path, `${path}.1`);
  await appendFile(`${path}.1`, line(3, 'late'));
  await writeFile(path, line(4, 'new'));
  await sleep(1500);
  await appendFile(path, line(5, 'last'));
  end.abort();
  t.same(await texts, ['a', 'b', 'late', 'new', 'last']);
});
