/** The lab machine itself (scripts/lab). */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unable } from './lab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const skip = unable();

t.test('the output and the status of the command come out, and nothing else', { skip }, (t) => {
  const { stdout, stderr, status } = lab(
    'run',
    '--',
    'sh',
    '-c',
    'echo "a  b"; echo c >&2; exit 7',
  );
  t.equal(stdout, 'a  b\nc\n');
  t.equal(stderr, '');
  t.equal(status, 7);
  t.end();
});

t.test('arguments, folder and KEELSON variables go in', { skip }, (t) => {
  const script = 'printf "%s|" "$PWD" "$KEELSON_X" "$@"; id -u; node --version';
  const args = ['run', '--', 'sh', '-c', script, 'sh', "it's", 'a "b"\n', '$HOME', ''];
  const folder = project.replace(/\/$/, '');
  const { stdout } = lab(...args);
  t.equal(stdout, `${folder}|x y|it's|a "b"\n|$HOME||0\n${process.version}\n`);
  t.end();
});

t.test('the machine has pure cgroup v2, a disk, and leaves the host alone', { skip }, (t) => {
  const script = `
    set -e
    cat /sys/fs/cgroup/cgroup.subtree_control
    stat -f -c %T /run /var/lib/keelson
    touch /etc/keelson-lab-was-here /tmp/keelson-lab-was-here /var/lib/keelson/x
    cd /run && mkdir u w m
    mount -t overlay overlay -o lowerdir=/etc,upperdir=u,workdir=w m
    echo written > m/passwd
    tty < /dev/tty0 > /dev/null && ls /dev/pts/ptmx && hostname`;
  const { stdout, status } = lab('run', '--', 'sh', '-c', script);
  t.equal(status, 0);
  t.equal(stdout, 'cpu io memory pids\ntmpfs\next2/ext3\n/dev/pts/ptmx\nlab\n');
  t.notOk(existsSync('/etc/keelson-lab-was-here'));
  t.notOk(existsSync('/tmp/keelson-lab-was-here'));
  t.end();
});

t.test('a command that does not end is switched off', { skip }, (t) => {
  const before = leftovers();
  const { stderr, status } = lab('run', '--timeout', '6', '--', 'sleep', '1000');
  t.equal(status, 124);
  t.equal(stderr, 'scripts/lab: switched off after 6 seconds\n');
  t.ok(leftovers() <= before, 'no folder is left');
  t.end();
});

t.test('wrong usage tells the usage', { skip }, (t) => {
  for (const args of [[], ['run'], ['run', '--'], ['run', '--what', '--', 'true']]) {
    const { status, stderr } = lab(...args);
    t.equal(status, 64);
    t.match(stderr, /scripts\/lab run \[OPTIONS\] -- COMMAND/);
  }
  t.end();
});

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

function lab(...args: string[]): Result {
  const env = { ...process.env, KEELSON_X: 'x y' };
  return spawnSync('scripts/lab', args, { cwd: project, encoding: 'utf8', env, timeout: 60_000 });
}

function leftovers(): number {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('keelson-lab-')).length;
}
