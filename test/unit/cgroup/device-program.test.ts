import t from 'tap';
import { assembleDeviceProgram } from '../../../src/cgroup/device-program.ts';
import { defaultDeviceRules, policyOf, type DeviceRule } from '../../../src/cgroup/device-rule.ts';
import { run, type DeviceAccess } from './device-machine.ts';
import { refusal } from './refusal.ts';

const samples: DeviceAccess[] = (['b', 'c'] as const).flatMap((type) =>
  [0, 1, 8].flatMap((major) =>
    [0, 1, 3].flatMap((minor) =>
      [1, 2, 3, 4, 5, 6, 7].map((access) => ({ type, major, minor, access })),
    ),
  ),
);

t.test('the program answers for every access as the rules say', async (t) => {
  for (const rules of ruleSets()) {
    const program = assembleDeviceProgram(policyOf(rules));
    const wrong = samples.filter(
      (sample) => (run(program, sample) === 1) !== expected(rules, sample),
    );
    t.same(wrong, [], JSON.stringify(rules));
  }
});

t.test('the program answers as the rules say for rules made at random', async (t) => {
  const random = pseudoRandom(20_261_121);
  let wrong = 0;
  for (let round = 0; round < 2000; round++) {
    const rules = Array.from({ length: random(8) }, () => randomRule(random));
    const program = assembleDeviceProgram(policyOf(rules));
    wrong += samples.filter(
      (sample) => (run(program, sample) === 1) !== expected(rules, sample),
    ).length;
  }
  t.equal(wrong, 0);
});

t.test('rules before one for all devices are left out', async (t) => {
  const rules = [
    { allow: true, type: 'c', major: 1, minor: 3 },
    { allow: false },
    { allow: true, type: 'b', major: 8, minor: 0, access: 'r' },
  ];
  t.same(policyOf(rules), {
    decisions: [{ allow: true, type: 'b', major: 8, minor: 0, access: 2 }],
    otherwise: false,
  });
});

t.test('rules that change nothing are left out', async (t) => {
  const nothing = { decisions: [], otherwise: true };
  t.same(
    policyOf([
      { allow: true, type: 'a' },
      { allow: true, type: 'c', major: 1 },
    ]),
    nothing,
  );
  const twice = { allow: true, type: 'c', major: 1, minor: 3, access: 'r' };
  t.equal(policyOf([twice, twice, { ...twice, access: 'rw' }]).decisions.length, 1);
  t.same(policyOf([]), { decisions: [], otherwise: false });
});

t.test('deny of writing also denies opening for reading and writing', async (t) => {
  const rules = [{ allow: true }, { allow: false, type: 'c', major: 1, minor: 3, access: 'w' }];
  const program = assembleDeviceProgram(policyOf(rules));
  const open = (access: number): number => run(program, { type: 'c', major: 1, minor: 3, access });
  t.equal(open(2), 1);
  t.equal(open(4), 0);
  t.equal(open(6), 0);
});

t.test('a rule that means nothing is refused', async (t) => {
  const wrong: DeviceRule[] = [
    { allow: true, type: 'p' },
    { allow: true, access: 'rx' },
    { allow: true, major: -2 },
    { allow: true, major: 4096 },
    { allow: true, minor: 1.5 },
    { allow: true, minor: 1 << 20 },
  ];
  for (const rule of wrong) {
    t.throws(() => policyOf([rule]), refusal('invalid', /^Device rule \{.*\} has a/));
  }
  const many = Array.from({ length: 1025 }, () => ({ allow: true }));
  t.throws(() => policyOf(many), refusal('invalid', '1025 device rules (1024 allowed)'));
});

t.test('the default rules open the default devices and no disk', async (t) => {
  const program = assembleDeviceProgram(policyOf(defaultDeviceRules));
  const allowed = (request: DeviceAccess): boolean => run(program, request) === 1;
  for (const minor of [3, 5, 7, 8, 9]) {
    t.ok(allowed({ type: 'c', major: 1, minor, access: 7 }), `1:${minor}`);
  }
  t.ok(allowed({ type: 'c', major: 136, minor: 4, access: 7 }), 'a pty');
  t.ok(allowed({ type: 'c', major: 5, minor: 2, access: 7 }), '/dev/ptmx');
  t.notOk(allowed({ type: 'c', major: 1, minor: 1, access: 2 }), '/dev/mem');
  t.notOk(allowed({ type: 'b', major: 8, minor: 0, access: 2 }), '/dev/sda');
  t.ok(allowed({ type: 'b', major: 8, minor: 0, access: 1 }), 'mknod alone');
});

/** The definition as it is spoken: each kind of access by the last rule that speaks of it. */
function expected(rules: readonly DeviceRule[], request: DeviceAccess): boolean {
  const kinds = ['m', 'r', 'w'].filter((_, index) => (request.access & (1 << index)) !== 0);
  return kinds.every((kind) => {
    const rule = rules.findLast(
      ({ type = 'a', major = -1, minor = -1, access = 'rwm' }) =>
        (type === 'a' || type === request.type) &&
        (major === -1 || major === request.major) &&
        (minor === -1 || minor === request.minor) &&
        access.includes(kind),
    );
    return rule?.allow ?? false;
  });
}

function ruleSets(): DeviceRule[][] {
  const denyAll = { allow: false, type: 'a', access: 'rwm' };
  return [
    [],
    [denyAll],
    [{ allow: true }],
    [denyAll, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
    [
      denyAll,
      { allow: true, type: 'c', major: 1, access: 'r' },
      { allow: true, type: 'c', minor: 3 },
    ],
    [{ allow: true }, { allow: false, type: 'b', major: 8, access: 'w' }],
    [
      { allow: false, type: 'c', major: 1 },
      { allow: true, type: 'c', major: 1, minor: 3 },
    ],
    [
      { allow: true, access: 'r' },
      { allow: true, access: 'w' },
      { allow: true, access: 'm' },
    ],
    [
      { allow: true, major: 1 },
      { allow: false, minor: 3, access: 'rw' },
    ],
  ];
}

function randomRule(random: (below: number) => number): DeviceRule {
  const pick = <Item>(...items: Item[]): Item => items[random(items.length)] as Item;
  return {
    allow: pick(true, false),
    type: pick('a', 'b', 'c', 'c'),
    major: pick(-1, 0, 1, 8),
    minor: pick(-1, 0, 1, 3),
    access: pick('rwm', 'r', 'w', 'm', 'rw', 'rm'),
  };
}

/** Marsaglia's xorshift, so that a failure comes again. */
function pseudoRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
