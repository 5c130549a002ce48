import t, { type Test } from 'tap';
import { neutral, OciRuntime, Resident, withoutRunc } from './runtime.ts';

/** The same words to both: exit code, output, and what the log says must agree. */
const scripts: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'the life of a container': [
    ['list'],
    ['list', '--format', 'json'],
    ['create', 'c'],
    ['state', 'c'],
    ['start', 'c'],
    ['state', 'c'],
    ['list', '--quiet'],
    ['exec', 'c', 'echo', 'hello'],
    ['kill', 'c', 'KILL'],
    ['wait'],
    ['state', 'c'],
    ['delete', 'c'],
    ['list', '--quiet'],
  ],
  'what a container that runs refuses': [
    ['run', '--detach', 'c'],
    ['create', 'c'],
    ['start', 'c'],
    ['delete', 'c'],
    ['resume', 'c'],
    ['exec', 'c'],
    ['exec', 'c', 'no-such-program'],
    ['exec', 'c', '/etc/passwd'],
    ['exec', 'c', 'false'],
    ['exec', 'c', 'sh', '-c', 'exit 7'],
    ['exec', 'c', 'sh', '-c', 'kill -9 $$'],
    ['kill', 'c', 'NOSUCHSIGNAL'],
  ],
  'what a container that has stopped refuses': [
    ['run', '--detach', 'c'],
    ['kill', 'c', '9'],
    ['wait'],
    ['kill', 'c'],
    ['start', 'c'],
    ['exec', 'c', 'true'],
    ['pause', 'c'],
    ['resume', 'c'],
    ['create', 'c'],
    ['delete', 'c'],
  ],
  'what is not there': [
    ['state', 'x'],
    ['start', 'x'],
    ['kill', 'x'],
    ['pause', 'x'],
    ['resume', 'x'],
    ['delete', 'x'],
    ['delete', '--force', 'x'],
    ['exec', 'x', 'true'],
    ['state', '../x'],
    ['create', 'a/b'],
  ],
  'created, and given up': [
    ['create', 'c'],
    ['exec', 'c', 'echo', 'in a container that waits'],
    ['delete', 'c'],
    ['state', 'c'],
  ],
  'looking at a container': [
    ['run', '--detach', 'c'],
    ['ps', '--format', 'json', 'c'],
    ['ps', 'c', '-o', 'pid,args'],
    ['ps', '--format', 'xml', 'c'],
    ['list', '--format', 'xml'],
    ['pause', 'c'],
    ['state', 'c'],
    ['exec', 'c', 'true'],
    ['resume', 'c'],
    ['state', 'c'],
  ],
  'flags before and after the container': [
    ['run', '--detach', '--pid-file', 'pid', 'c'],
    [
      'exec',
      '--env',
      'A=b c',
      '--cwd',
      '/tmp',
      '--user',
      '5:6',
      'c',
      'sh',
      '-c',
      'echo $A; pwd; id -u; id -g',
    ],
    ['exec', '-e', 'A=1', '-e=A=2', 'c', 'sh', '-c', 'echo $A'],
    ['delete', '--force', 'c'],
  ],
};

t.test('alone, commands end, print and log as those of runc', { skip: withoutRunc }, async (t) => {
  compare(t, {});
});

t.test('so they do with a resident planner', { skip: withoutRunc }, async (t) => {
  const resident = await Resident.start();
  t.teardown(() => resident[Symbol.asyncDispose]());
  // Node is out of reach: what is answered, the resident has answered.
  compare(t, { KEELSON_OCI_SOCKET: resident.socket, KEELSON_HOME: '/nowhere' });
});

function compare(t: Test, environment: NodeJS.ProcessEnv): void {
  for (const [title, script] of Object.entries(scripts)) {
    t.test(title, async (t) => {
      using ours = new OciRuntime('keelson', environment);
      using theirs = new OciRuntime('runc');
      for (const words of script) {
        if (words[0] === 'wait') {
          await ended(ours);
          await ended(theirs);
          continue;
        }
        const [a, b] = [observe(ours, words), observe(theirs, words)];
        t.same(a, b, words.join(' '));
      }
    });
  }
}

function observe(runtime: OciRuntime, words: readonly string[]): object {
  const { code, stdout } = runtime.run(...words);
  return {
    code,
    stdout: neutral(stdout, runtime),
    log: runtime.takeLog().map((line) => neutral(line, runtime)),
  };
}

async function ended(runtime: OciRuntime): Promise<void> {
  for (let attempt = 0; runtime.state('c').status !== 'stopped' && attempt < 2000; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
