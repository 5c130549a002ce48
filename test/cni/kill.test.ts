/** kill -9 between any two steps of ADD and DEL, of every plugin: after GC nothing is left. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { Report } from './kill-every-step.ts';
import { scenarios } from './kill-scenarios.ts';

const skip = process.getuid?.() !== 0 && 'needs root';
t.setTimeout(900_000);

const program = fileURLToPath(new URL('kill-every-step.ts', import.meta.url));
const ip = (...args: readonly string[]) => execFileSync('ip', args);

/** Each of these processes has a host of its own; most of their time they wait for the kernel. */
const processes = 4;

interface Line extends Partial<Report> {
  readonly scenario: string;
  readonly skip?: string;
  readonly error?: string;
}

async function killsOf(t: Test, number: number, names: readonly string[]): Promise<Line[]> {
  const folder = mkdtempSync('/tmp/keelson-kill-');
  const [host, pod] = [`kl${process.pid}h${number}`, `kl${process.pid}p${number}`];
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of [host, pod]) {
    ip('netns', 'add', name);
    t.teardown(() => ip('netns', 'delete', name));
  }
  ip('-n', host, 'link', 'set', 'lo', 'up');
  const args = ['netns', 'exec', host, process.execPath, program, folder, pod, ...names];
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill());
  const lines: Line[] = [];
  for await (const line of createInterface(child.stdout)) lines.push(JSON.parse(line) as Line);
  return lines;
}

t.test('killed at every step', { skip }, async (t) => {
  const names = scenarios('').map(({ name }) => name);
  const parts = Array.from({ length: processes }, (_, part) =>
    names.filter((_name, index) => index % processes === part),
  );
  const lines = (
    await Promise.all(parts.map(async (part, number) => killsOf(t, number, part)))
  ).flat();
  for (const name of names) {
    await t.test(name, async (t) =>
      judge(
        t,
        lines.filter(({ scenario }) => scenario === name),
      ),
    );
  }
});

function judge(t: Test, lines: readonly Line[]): void {
  const skipped = lines.find((line) => line.skip !== undefined);
  if (skipped !== undefined) return void t.pass('skipped', { skip: skipped.skip ?? true });
  for (const { error, verb, step, after, steps, left } of lines) {
    if (error !== undefined) t.fail(error);
    else t.same(left, [], `${verb} killed at step ${step}, then ${after}; done: ${steps?.join()}`);
  }
  for (const verb of ['ADD', 'DEL']) {
    const kills = lines.filter((line) => line.verb === verb && line.after === 'GC').length;
    t.ok(kills > 1, `${kills} kills of ${verb}`);
  }
}
