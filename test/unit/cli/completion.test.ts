import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { describeCommands } from '../../../src/cli/commands/completion.ts';
import { commandTable } from '../../../src/cli/command-table.ts';
import { completionScript } from '../../../src/cli/completion-script.ts';

const commands = await describeCommands(commandTable);

/** What bash offers for a line, by the script itself. */
function complete(...words: string[]): string[] {
  const script = `${completionScript('bash', commands)}
    COMP_WORDS=(keelson ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
    _keelson; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
}

t.test('every command defines its flags without a runtime', async (t) => {
  t.equal(commands.length, Object.keys(commandTable).length);
  for (const { name, summary } of commands) t.match(summary, /^[A-Z]/, name);
});

t.test('bash completes commands and flags', async (t) => {
  t.same(complete('ru').includes('run'), true);
  t.same(complete('run', '--mem').toSorted(), [
    '--memory',
    '--memory-reservation',
    '--memory-swap',
  ]);
  t.same(complete('system', 'pr'), ['prune']);
});

t.test('the scripts of the other shells are well formed', async (t) => {
  t.match(completionScript('zsh', commands), /bashcompinit[\s\S]*complete -F _keelson keelson/);
  const fish = completionScript('fish', commands).trim().split('\n').slice(1);
  for (const line of fish) t.match(line, /^complete -c keelson -n /);
  t.ok(fish.some((line) => line.includes('-l network')));
});

const withoutFish = !existsSync('/usr/bin/fish') && 'needs fish';
const withoutZsh = !existsSync('/usr/bin/zsh') && 'needs zsh';

t.test('fish completes commands, flags and words', { skip: withoutFish }, async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'keelson.fish');
  writeFileSync(file, completionScript('fish', commands));
  const offered = (line: string): string[] =>
    execFileSync('fish', ['-c', `source ${file}; complete -C '${line}'`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    })
      .trim()
      .split('\n')
      .map((row) => row.split('\t')[0] ?? '');
  t.same(offered('keelson ru'), ['run', 'runtime']);
  t.same(offered('keelson run --mem').toSorted(), [
    '--memory',
    '--memory-reservation',
    '--memory-swap',
  ]);
  t.ok(offered('keelson system pr').includes('prune'));
});

/** Types a line into a zsh at a terminal, and tells whether more then stands there. */
const typing = `
import os, pty, select, signal, sys, time
pid, fd = pty.fork()
if pid == 0: os.execvp('zsh', ['zsh', '-f', '-i'])
seen, at = b'', 0
def until(words):
    global seen, at
    end = time.time() + 25
    while words not in seen[at:] and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]: seen += os.read(fd, 65536)
    if words not in seen[at:]: sys.exit(repr(seen))
    at = seen.index(words, at) + len(words)
file, line, more = sys.argv[1:]
os.write(fd, f"PS1='REA''DY'; autoload -U compinit; compinit -u -D; source {file}\\n".encode())
until(b'READY')
os.write(fd, line.encode() + b'\\t')
until(more.encode())
os.kill(pid, signal.SIGKILL)
`;

t.test('zsh completes commands, flags and words', { skip: withoutZsh }, async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'keelson.zsh');
  writeFileSync(file, completionScript('zsh', commands));
  const env = { ...process.env, HOME: folder, TERM: 'dumb' };
  for (const [typed, whole] of [
    ['keelson renam', 'keelson rename '],
    ['keelson system pr', 'keelson system prune '],
    ['keelson run --hostn', 'keelson run --hostname '],
  ] as const) {
    execFileSync('python3', ['-c', typing, file, typed, whole], { env });
    t.pass(whole);
  }
});
