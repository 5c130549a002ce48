/** The checker itself: each promise, broken in an otherwise sound history, has to be noticed. */
import t from 'tap';
import { checkHistory } from '../../cluster/store/check-history.ts';
import type { History, SeenChange, WriteRecord } from '../../cluster/store/record.ts';

const log: readonly SeenChange[] = [
  { key: '/a/x', value: 'v1', revision: 2, created: 2, deleted: false },
  { key: '/a/x', value: 'v2', revision: 3, created: 2, deleted: false, previous: 'v1' },
  { key: '/b/y', value: 'v3', revision: 5, created: 5, deleted: false },
  { key: '/a/x', value: 'v2', revision: 6, created: 2, deleted: true },
];

const writes: readonly WriteRecord[] = [
  { kind: 'create', key: '/a/x', value: 'v1', startMs: 0, endMs: 1, result: 'done', revision: 2 },
  { kind: 'update', key: '/a/x', value: 'v2', startMs: 2, endMs: 3, result: 'done', revision: 3 },
  { kind: 'create', key: '/b/y', value: 'v3', startMs: 2, endMs: 5, result: 'unknown' },
  { kind: 'delete', key: '/a/x', value: 'v4', startMs: 6, endMs: 7, result: 'done', revision: 6 },
  { kind: 'create', key: '/a/x', value: 'v5', startMs: 2, endMs: 3, result: 'refused' },
];

function sound(): History {
  return {
    writes: [...writes],
    reads: [
      {
        key: '/a/x',
        startMs: 4,
        revision: 4,
        isPast: false,
        entries: [{ key: '/a/x', value: 'v2', revision: 3, created: 2 }],
      },
      {
        prefix: '/',
        startMs: 8,
        revision: 6,
        isPast: false,
        entries: [{ key: '/b/y', value: 'v3', revision: 5, created: 5 }],
      },
    ],
    watches: [
      {
        prefix: '/a/',
        after: 2,
        steps: [{ progress: 2 }, ...stepsOf(1), { progress: 5 }, ...stepsOf(3), { progress: 9 }],
      },
    ],
  };
}

function stepsOf(index: number): { change: SeenChange }[] {
  const change = log[index];
  return change === undefined ? [] : [{ change }];
}

/** What the checker says of a history after one thing in it was made wrong. */
function faultsOf(spoil: (history: History, log: SeenChange[]) => void): string {
  const history = sound();
  const spoiltLog = [...log];
  spoil(history, spoiltLog);
  return checkHistory(history, spoiltLog).join('\n');
}

t.test('a sound history has no fault', async (t) => {
  t.equal(
    faultsOf(() => {}),
    '',
  );
});

t.test('an acknowledged write that is lost is noticed', async (t) => {
  t.match(
    faultsOf((_, log) => log.splice(3, 1)),
    /acknowledged, but not in the log: delete/,
  );
});

t.test('an acknowledged write at another revision is noticed', async (t) => {
  t.match(
    faultsOf(({ writes }) => replace(writes, 1, { revision: 4 })),
    /acknowledged, but not/,
  );
});

t.test('a refused write that happened is noticed', async (t) => {
  const change = { key: '/a/x', value: 'v5', revision: 8, created: 8, deleted: false };
  t.match(
    faultsOf((_, log) => log.push(change)),
    /in the log at 8, but refused/,
  );
});

t.test('a change that nobody made is noticed', async (t) => {
  const change = { key: '/a/z', value: 'v9', revision: 8, created: 8, deleted: false };
  t.match(
    faultsOf((_, log) => log.push(change)),
    /nobody wrote \/a\/z/,
  );
  const deletion = { key: '/b/y', value: 'v3', revision: 8, created: 5, deleted: true };
  t.match(
    faultsOf((_, log) => log.push(deletion)),
    /nobody deleted \/b\/y/,
  );
});

t.test('a write that happened twice is noticed', async (t) => {
  const change = { key: '/b/y', value: 'v3', revision: 8, created: 5, deleted: false };
  t.match(
    faultsOf((_, log) => log.push({ ...change, previous: 'v3' })),
    /written twice: v3/,
  );
});

t.test('revisions that do not grow are noticed', async (t) => {
  t.match(
    faultsOf((_, log) => log.splice(0, log.length, ...log.toReversed())),
    /the log goes from revision 6 to 5/,
  );
});

t.test('a later write with a smaller revision is noticed', async (t) => {
  t.match(
    faultsOf(({ writes }) => replace(writes, 0, { startMs: 4, endMs: 5 })),
    /began after 3 was acknowledged/,
  );
});

t.test('a log that is no legal sequence is noticed', async (t) => {
  t.match(withChange(1, { created: 3 }), /created, but it existed/);
  t.match(withChange(1, { previous: 'v0' }), /previous value is not/);
  t.match(withChange(3, { value: 'v1' }), /deleted with another value/);
  t.match(withChange(2, { created: 4 }), /updated, but it did not exist/);
});

t.test('a gap, a repeat, a wrong order and a stranger in a watch are noticed', async (t) => {
  const steps = [...stepsOf(1), ...stepsOf(3)];
  t.equal(withSteps(...steps), '');
  t.match(withSteps(...steps.slice(1)), /tells of .*6.* where .*3.* is due/);
  t.match(withSteps(...steps, ...steps.slice(1)), /where nothing is due/);
  t.match(withSteps(...steps.toReversed()), /is due/);
  t.match(withSteps(...stepsOf(0), ...steps), /is due/);
  t.match(withSteps(...steps.slice(0, 1), ...stepsOf(2)), /is due/);
});

t.test('a bookmark ahead of its watch is noticed', async (t) => {
  const steps = [...stepsOf(1), { progress: 6 }, ...stepsOf(3)];
  t.match(
    faultsOf(({ watches }) => replace(watches, 0, { steps })),
    /says it is at 6, but has not told of 6/,
  );
});

t.test('a read that is old, wrong, or lacks or adds a key is noticed', async (t) => {
  t.match(withRead(0, { revision: 2 }), /is at 2, but 3 was acknowledged before it/);
  t.match(withRead(0, { entries: [] }), /has {2}where the log has/);
  t.match(withRead(1, { revision: 5, isPast: true }), /where the log has \/a\/x/);
  t.match(
    withRead(1, { entries: [...(sound().reads[0]?.entries ?? [])] }),
    /where the log has \/b/,
  );
});

function replace<T>(list: T[], index: number, wrong: Partial<T>): void {
  const right = list[index];
  if (right !== undefined) list[index] = { ...right, ...wrong };
}

function withChange(index: number, wrong: Partial<SeenChange>): string {
  return faultsOf((_, log) => replace(log, index, wrong));
}

function withSteps(...wrong: { change: SeenChange }[]): string {
  return faultsOf(({ watches }) => replace(watches, 0, { steps: wrong }));
}

function withRead(index: number, wrong: object): string {
  return faultsOf(({ reads }) => replace(reads, index, wrong));
}
