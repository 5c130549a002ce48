import t from 'tap';
import {
  planArgs,
  planEnvironment,
  planProcess,
  planWorkingDirectory,
} from '../../../../src/cri/plan/plan-process.ts';
import { planInput } from './plan-input.ts';

const image = { entrypoint: ['/entry', '-e'], cmd: ['image', 'args'] };

t.test('command and args replace the image as Docker and the CRI say', async (t) => {
  t.same(argsOf([], []), ['/entry', '-e', 'image', 'args']);
  t.same(argsOf([], ['own']), ['/entry', '-e', 'own']);
  t.same(argsOf(['/bin/x'], []), ['/bin/x'], "the image's arguments fit its own entry point only");
  t.same(argsOf(['/bin/x'], ['own']), ['/bin/x', 'own']);
});

t.test('an empty --entrypoint drops that of the image', async (t) => {
  const input = planInput({ image, config: { args: ['ls'] }, options: { clear_entrypoint: true } });
  t.same(planArgs(input), ['ls']);
  const none = planInput({ image, options: { clear_entrypoint: true } });
  t.throws(() => planArgs(none), /No command given/);
});

t.test('an image without a command needs one', async (t) => {
  t.throws(() => planArgs(planInput({ image: { cmd: [] } })), /No command given/);
});

t.test('NUL in an argument is refused', async (t) => {
  t.throws(() => planArgs(planInput({ config: { args: ['a\0b'] } })), /NUL character in argument/);
});

t.test('later variables win, and keep their place', async (t) => {
  const input = planInput({
    image: { env: ['PATH=/img', 'A=1', 'B=2'] },
    config: {
      envs: [
        { key: 'A', value: Buffer.from('mine') },
        { key: 'HOME', value: Buffer.from('/h') },
        { key: 'E', value: Buffer.alloc(0) },
      ],
    },
  });
  t.same(planEnvironment(input), ['PATH=/img', 'HOSTNAME=pod1', 'A=mine', 'B=2', 'HOME=/h', 'E=']);
});

t.test('PATH, HOME and, with a terminal, TERM are there without being asked for', async (t) => {
  const input = planInput({ config: { tty: true } });
  t.match(planEnvironment(input), [/^PATH=.*\/bin/, 'TERM=xterm', 'HOSTNAME=pod1', 'HOME=/root']);
});

t.test("what the image has without '=' is left out", async (t) => {
  t.notOk(planEnvironment(planInput({ image: { env: ['NOEQUALS'] } })).includes('NOEQUALS'));
});

t.test('the text of a bad variable stays out of the error', async (t) => {
  const envs = [{ key: 'TOKEN', value: Buffer.from('secret\0') }];
  try {
    planEnvironment(planInput({ config: { envs } }));
    t.fail('accepted');
  } catch (error) {
    t.match((error as Error).message, /NUL character in value of environment variable "TOKEN"/);
    t.notMatch((error as Error).message, /secret/);
  }
  for (const key of ['', 'A=B']) {
    const bad = planInput({ config: { envs: [{ key, value: Buffer.from('x') }] } });
    t.throws(() => planEnvironment(bad), /Invalid name of an environment variable/);
  }
  const latin = planInput({ config: { envs: [{ key: 'L', value: Buffer.from([0xe4]) }] } });
  t.throws(() => planEnvironment(latin), /"L" is not UTF-8/);
});

t.test("the working directory is the request's, the image's, or the root", async (t) => {
  t.equal(planWorkingDirectory(planInput()), '/');
  t.equal(planWorkingDirectory(planInput({ image: { workingDir: '/w' } })), '/w');
  t.equal(planWorkingDirectory(planInput({ image: { workingDir: 'w' } })), '/w');
  const both = planInput({ image: { workingDir: '/w' }, config: { working_dir: '/own' } });
  t.equal(planWorkingDirectory(both), '/own');
  const relative = planInput({ config: { working_dir: 'own' } });
  t.throws(() => planWorkingDirectory(relative), /"own" is not an absolute path/);
});

t.test('user, limits and scores are those of the request', async (t) => {
  const input = planInput({
    facts: { user: { uid: 5, gid: 6, additionalGids: [7], home: '/' } },
    config: {
      linux: { resources: { oom_score_adj: -5 }, security_context: { no_new_privs: true } },
    },
    options: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }] },
  });
  t.match(planProcess(input), {
    user: { uid: 5, gid: 6, additionalGids: [7] },
    oomScoreAdj: -5,
    noNewPrivileges: true,
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }],
    terminal: false,
  });
});

t.test('a score that the machine cannot give is the least one that it can', async (t) => {
  t.equal(scoreOf(-997, -1000), -997);
  t.equal(scoreOf(-997, 0), 0);
  t.equal(scoreOf(999, 0), 999);
});

function scoreOf(oom_score_adj: number, leastOomScore: number): number | undefined {
  const config = { linux: { resources: { oom_score_adj } } };
  return planProcess(planInput({ config, machine: { leastOomScore } })).oomScoreAdj;
}

function argsOf(command: string[], args: string[]): readonly string[] {
  return planArgs(planInput({ image, config: { command, args } }));
}
