import t from 'tap';
import {
  ellipsis,
  formatAge,
  formatMemory,
  formatSize,
  formatSpan,
  printable,
  shortId,
} from '../../../src/cli/format.ts';
import { statusText } from '../../../src/cli/status-text.ts';

t.test('sizes have three digits and decimal units, memory four and binary ones', async (t) => {
  t.same([0, 999, 1234, 1_000_000, 6_905_000, 1.5e15].map(formatSize), [
    '0B',
    '999B',
    '1.23kB',
    '1MB',
    '6.91MB',
    '1.5PB',
  ]);
  t.same([512, 1024, 1_293_942, 268_435_456].map(formatMemory), [
    '512B',
    '1KiB',
    '1.234MiB',
    '256MiB',
  ]);
});

t.test("spans have Docker's words", async (t) => {
  const words = [0, 1, 2, 59, 60, 119, 120, 3599, 3600, 7200, 86_400 * 2, 86_400 * 20, 86_400 * 90];
  t.same(
    words.map((seconds) => formatSpan(seconds * 1000)),
    [
      'Less than a second',
      '1 second',
      '2 seconds',
      '59 seconds',
      'About a minute',
      'About a minute',
      '2 minutes',
      '59 minutes',
      'About an hour',
      '2 hours',
      '2 days',
      '2 weeks',
      '3 months',
    ],
  );
  t.equal(formatSpan(86_400_000 * 800), '2 years');
  t.equal(formatAge(0, 5), 'N/A');
  t.equal(formatAge(1e15, 1e9 + 5000), '5 seconds ago');
});

t.test('the status of a container reads as in ps', async (t) => {
  const now = 1_000_000;
  const at = (secondsAgo: number): number => (now - secondsAgo * 1000) * 1e6;
  const times = { exit_code: 3, started_at: at(120), finished_at: at(2) };
  t.equal(statusText({ state: 'running', ...times }, now), 'Up 2 minutes');
  t.equal(statusText({ state: 'paused', ...times }, now), 'Up 2 minutes (Paused)');
  t.equal(statusText({ state: 'exited', ...times }, now), 'Exited (3) 2 seconds ago');
  t.equal(statusText({ state: 'created', ...times }, now), 'Created');
  t.equal(statusText({ state: 'unknown', ...times }, now), 'Unknown');
});

t.test('foreign text cannot drive a terminal', async (t) => {
  t.equal(printable('a\x1b[2Jb\nc\u009bd'), 'a?[2Jb?c?d');
  t.equal(ellipsis('abcdef', 4), 'abc…');
  t.equal(ellipsis('abcd', 4), 'abcd');
  t.equal(shortId('sha256:0123456789abcdef'), '0123456789ab');
});
