import { execFileSync } from 'node:child_process';
import t from 'tap';
import { describeCommands } from '../../../src/cli/commands/completion.ts';
import { commandTable } from '../../../src/cli/command-table.ts';
import { completionScript } from '../../../src/cli/completion-script.ts';

const commands = await describeCommands();

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
