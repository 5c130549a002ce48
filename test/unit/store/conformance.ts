import type { Test } from 'tap';
import { testPast, testReads } from './conformance-reads.ts';
import { testSessions, testWatches } from './conformance-watches.ts';
import { testWrites } from './conformance-writes.ts';
import type { Opening } from './opening.ts';

/** What every driver promises, as tests; `sqlite.test.ts` and `etcd.test.ts` run them all. */
export function testConformance(t: Test, opening: Opening): void {
  testWrites(t, opening);
  testReads(t, opening);
  testPast(t, opening);
  testWatches(t, opening);
  testSessions(t, opening);
}
