import type { Explanation } from './explanation.ts';

/** What `keelson explain pod NAME` prints. */
export function explanationText(explanation: Explanation): string {
  const { pod, decided, nodes, evaluated, feasible, ruledOut, ranking } = explanation;
  const lines = [
    `Pod:        ${pod}`,
    `Decided:    ${decided}`,
    `Outcome:    ${outcomeOf(explanation)}`,
    `Nodes:      ${nodes} known, ${evaluated} looked at, ${feasible} feasible`,
    ...ruledOut.map((one, at) => {
      return `${at === 0 ? 'Ruled out: ' : '           '} ${one.nodes} by ${one.rule}`;
    }),
    ...(explanation.message === undefined ? [] : [`Message:    ${explanation.message}`]),
    ...roomLines(explanation),
    ...(ranking.length === 0 ? [] : ['', ...table(ranking)]),
  ];
  return `${lines.join('\n')}\n`;
}

function outcomeOf({ nodeName, feasible }: Explanation): string {
  if (nodeName === undefined) return 'no node found';
  return `assigned to ${nodeName}${feasible === 1 ? ', the only feasible node' : ''}`;
}

function roomLines({ room }: Explanation): string[] {
  if (room === undefined) return [];
  const victims = room.victims.map(({ pod, priority }) => `${pod} (priority ${priority})`);
  return [`Room:       on ${room.nodeName}, by evicting ${victims.join(', ')}`];
}

/** A line a node: in all, and by rule before weights. */
function table(ranking: Explanation['ranking']): string[] {
  const rules = ranking[0]?.points ?? [];
  const head = ['NODE', 'TOTAL', ...rules.map(({ rule, weight }) => `${rule} x${weight}`)];
  const rows = ranking.map(({ nodeName, total, points }) => [
    nodeName,
    String(total),
    ...points.map((one) => String(one.points)),
  ]);
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
