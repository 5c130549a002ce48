import { writeTime } from '../../api/time.ts';
import type { Decision, NodePoints } from '../engine/decision.ts';
import type { Explanation } from './explanations.ts';

/** What `keelson explain pod NAME` prints. */
export function explanationText({ at, decision }: Explanation): string {
  const { pod, evaluated, feasible, nodes, ruledOut } = decision;
  const lines = [
    `Pod:       ${pod}`,
    `Decided:   ${writeTime(Math.floor(at / 1000))}`,
    `Outcome:   ${outcomeOf(decision)}`,
    `Nodes:     ${nodes} known, ${evaluated} looked at, ${feasible} feasible`,
    ...ruledOut.map((rule, index) => {
      return `${index === 0 ? 'Ruled out:' : '          '} ${rule.nodes} by ${rule.rule}`;
    }),
  ];
  if (decision.outcome === 'unschedulable') {
    lines.push(`Message:   ${decision.message}`, ...roomLines(decision));
  } else if (decision.ranking.length > 0) {
    lines.push('', ...table(decision.ranking));
  }
  return `${lines.join('\n')}\n`;
}

function outcomeOf(decision: Decision): string {
  if (decision.outcome === 'unschedulable') return 'no node found';
  const only = decision.feasible === 1 ? ', the only feasible node' : '';
  return `assigned to ${decision.nodeName}${only}`;
}

function roomLines(decision: Decision): string[] {
  if (decision.outcome === 'placed' || decision.preemption === undefined) return [];
  const { nodeName, victims } = decision.preemption;
  return [
    `Room:      on ${nodeName}, by evicting ${victims
      .map(({ key, facts }) => `${key} (priority ${facts.priority})`)
      .join(', ')}`,
  ];
}

/** A line a node: its points by rule, each times its weight, and in all. */
function table(ranking: readonly NodePoints[]): string[] {
  const rules = ranking[0]?.points ?? [];
  const head = ['NODE', 'TOTAL', ...rules.map(({ rule, weight }) => `${rule} x${weight}`)];
  const rows = ranking.map(({ nodeName, total, points }) => [
    nodeName,
    String(total),
    ...points.map((one) => String(one.points)),
  ]);
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
