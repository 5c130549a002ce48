import t from 'tap';
import { isDomainError } from '../../../src/base/error.ts';
import { applyChanges } from '../../../src/image/operation/change.ts';

t.test('each instruction changes its field as in a Dockerfile', (t) => {
  const cases: [change: string, config: object][] = [
    ['CMD ["a", "b"]', { Cmd: ['a', 'b'] }],
    ['cmd echo $HOME "x"', { Cmd: ['/bin/sh', '-c', 'echo $HOME "x"'] }],
    ['CMD ["a", 1]', { Cmd: ['/bin/sh', '-c', '["a", 1]'] }],
    ['ENTRYPOINT ["/x"]', { Entrypoint: ['/x'], Cmd: null }],
    ['ENV A=1 B="two words" C=three\\ words D=\'four $5\'', { Env: env('A=1', 'B=two words') }],
    ['ENV A the whole rest', { Env: ['A=the whole rest'] }],
    ['ENV A=', { Env: ['A='] }],
    ['EXPOSE 80 53/udp', { ExposedPorts: { '80/tcp': {}, '53/udp': {} } }],
    ['LABEL a=b "c d"="e f"', { Labels: { a: 'b', 'c d': 'e f' } }],
    ['STOPSIGNAL SIGQUIT', { StopSignal: 'SIGQUIT' }],
    ['USER 1000:1000', { User: '1000:1000' }],
    ['VOLUME ["/a b", "/c"]', { Volumes: { '/a b': {}, '/c': {} } }],
    ['VOLUME /a /c', { Volumes: { '/a': {}, '/c': {} } }],
    ['WORKDIR /work', { WorkingDir: '/work' }],
  ];
  for (const [change, config] of cases) t.same(applyChanges({}, [change]), config, change);
  t.end();
});

t.test('changes go on top of what is there, in order', (t) => {
  const before = { Env: ['PATH=/bin', 'A=0'], WorkingDir: '/a', Labels: { x: '1' }, Other: 'kept' };
  const changes = [
    'ENV A=1',
    'ENV Z=2',
    'WORKDIR b',
    'WORKDIR c',
    'LABEL x=2',
    'LABEL __proto__=3',
  ];
  const after = applyChanges(before, changes);
  t.same(after['Env'], ['PATH=/bin', 'A=1', 'Z=2']);
  t.equal(after['WorkingDir'], '/a/b/c');
  t.same(Object.entries(after['Labels'] as object), [
    ['x', '2'],
    ['__proto__', '3'],
  ]);
  t.equal(after['Other'], 'kept');
  t.same(before.Env, ['PATH=/bin', 'A=0'], 'the old configuration stays as it was');
  t.end();
});

t.test('what is no instruction or cannot be done is refused', (t) => {
  const changes: [change: string, kind: 'invalid' | 'unsupported'][] = [
    ['', 'invalid'],
    ['CMD', 'invalid'],
    ['ENV A', 'invalid'],
    ['ENV =1 B', 'invalid'],
    ['EXPOSE 0', 'invalid'],
    ['EXPOSE 80/icmp', 'invalid'],
    ['EXPOSE 65536', 'invalid'],
    ['LABEL a', 'invalid'],
    ['RUN true', 'unsupported'],
    ['HEALTHCHECK NONE', 'unsupported'],
    ['ONBUILD RUN x', 'unsupported'],
    ['FROM x', 'unsupported'],
    ['USER a\0b', 'invalid'],
  ];
  for (const [change, kind] of changes) {
    try {
      applyChanges({}, [change]);
      t.fail(`accepted ${change}`);
    } catch (error) {
      t.ok(isDomainError(error, kind), `${String(error)} for ${change}`);
    }
  }
  t.end();
});

function env(...variables: string[]): string[] {
  return [...variables, 'C=three words', 'D=four $5'];
}
