/** The pages of `vagrant/exercises` about a cluster, typed on its first node, and compared. */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { mismatches, parsePage, scriptOf } from '../exercise.ts';
import type { ClusterLab } from './cluster-lab.ts';

export async function walkExercises(t: Test, lab: ClusterLab): Promise<void> {
  for (const page of ['08-overlay', '09-services']) {
    // oxlint-disable-next-line no-await-in-loop: a page has the cluster to itself
    await t.test(`vagrant/exercises/${page}.md`, async (t) => {
      const path = new URL(`../../../vagrant/exercises/${page}.md`, import.meta.url);
      const steps = parsePage(readFileSync(path, 'utf8'));
      t.ok(steps.length > 10, 'the page has steps');
      const typed = `PATH=/run/bin:$PATH; cd "$(mktemp -d)"\n${scriptOf(steps)}`;
      const { stdout } = await lab.on('host01', typed);
      for (const { step, shown } of mismatches(steps, stdout)) {
        t.fail(`line ${step.line}: ${step.command}`, { expected: step.expected, shown });
      }
      t.equal((await lab.type('get pods -o name')).trim(), '', 'nothing is left');
    });
  }
}
