import t from 'tap';
import { parseLogLine } from '../../../../src/base/container-log/log-line.ts';
import { chooseLog } from '../../../../src/kubelet/serve/choose-log.ts';
import { readLogQuery } from '../../../../src/kubelet/serve/log-query.ts';
import { LogText } from '../../../../src/kubelet/serve/write-log.ts';

function podWith(status: object): never {
  const containerStatuses = [{ name: 'main', ...status }];
  return { metadata: { name: 'web' }, spec: {}, status: { containerStatuses } } as never;
}

function read(text: string) {
  return readLogQuery(new URLSearchParams(text), 10_000);
}

const now = { container: 'main', previous: false };
const before = { container: 'main', previous: true };
const ended = { terminated: { containerID: 'keelson://old', exitCode: 1 } };

t.test('the log is that of the container that runs, or ran last', async (t) => {
  const running = podWith({ containerID: 'x://new', state: { running: {} }, lastState: ended });
  t.equal(chooseLog(running, now), 'new');
  t.equal(chooseLog(running, before), 'old');
  t.equal(chooseLog(podWith({ state: ended }), now), 'old');
  const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
  t.equal(chooseLog(podWith({ state: waiting, lastState: ended }), now), 'old');
});

t.test('where there is no log the reason is said in the words known', async (t) => {
  const refusals: readonly (readonly [object, typeof now, string])[] = [
    [
      { state: { waiting: { reason: 'ContainerCreating' } } },
      now,
      'container "main" in pod "web" is waiting to start: ContainerCreating',
    ],
    [
      { state: { waiting: { reason: 'ImagePullBackOff' } } },
      now,
      'container "main" in pod "web" is waiting to start: trying and failing to pull image',
    ],
    [
      { state: { waiting: { reason: 'ErrImagePull' } } },
      now,
      `container "main" in pod "web" is waiting to start: image can't be pulled`,
    ],
    [{}, now, 'container "main" in pod "web" is waiting to start - no logs yet'],
    [{ state: { terminated: {} } }, now, 'container "main" in pod "web" is terminated'],
    [
      { state: { running: {} } },
      before,
      'previous terminated container "main" in pod "web" not found',
    ],
    [{}, { ...now, container: 'x' }, 'container "x" in pod "web" is not available'],
  ];
  for (const [status, choice, message] of refusals) {
    t.throws(() => chooseLog(podWith(status), choice), { message, code: 400 }, message);
  }
});

t.test('what is asked of a log is read strictly', async (t) => {
  t.match(read(''), { follow: false, previous: false, timestamps: false, sinceNs: 0n });
  t.match(read('follow=true&tailLines=0&limitBytes=7&sinceSeconds=4'), {
    follow: true,
    tailLines: 0,
    limitBytes: 7,
    sinceNs: 6_000_000_000n,
  });
  t.equal(read('sinceTime=1970-01-01T00:00:01.5Z').sinceNs, 1_500_000_000n);
  const wrong = [
    'tailLines=-1',
    'tailLines=x',
    'limitBytes=0',
    'sinceSeconds=0',
    'sinceTime=soon',
    'sinceTime=1970-01-01T00:00:01Z&sinceSeconds=1',
    'stream=Both',
  ];
  for (const text of wrong) t.throws(() => read(text), { code: 422 }, text);
});

t.test('lines are put together as they were written', async (t) => {
  const lines = [
    '2026-01-01T00:00:00.5Z stdout P part',
    '2026-01-01T00:00:01Z stderr F wrong',
    '2026-01-01T00:00:02+01:00 stdout F  end',
  ].flatMap((line) => parseLogLine(Buffer.from(line)) ?? []);
  const all = { follow: false, previous: false, stream: 'All', sinceNs: 0n } as const;
  const text = (query: object) =>
    new LogText({ ...all, timestamps: false, ...query }).of(lines).toString();
  t.equal(text({}), 'partwrong\n end\n');
  t.equal(text({ stream: 'Stdout' }), 'part end\n');
  t.equal(text({ stream: 'Stderr', timestamps: true }), '2026-01-01T00:00:01.000000000Z wrong\n');
  t.equal(
    text({ stream: 'Stdout', timestamps: true }),
    '2026-01-01T00:00:00.500000000Z part end\n',
  );
  t.equal(text({ limitBytes: 6 }), 'partwr');
  const full = new LogText({ ...all, timestamps: false, limitBytes: 4 });
  t.equal(full.of(lines).length, 4);
  t.ok(full.isFull);
});
