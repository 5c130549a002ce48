import { nodeOfLocalFolder } from '../../api/local-folder.ts';
import type { Node, Volume } from '../stored.ts';

/**
 * The node for a folder that no pod waits for: of those that are ready and take pods the one with
 * the fewest folders, of equals the first by name. Undefined when there is none.
 */
export function chooseNode(nodes: readonly Node[], volumes: readonly Volume[]): Node | undefined {
  const counts = new Map<string, number>();
  for (const volume of volumes) {
    const node = nodeOfLocalFolder(volume);
    if (node !== undefined) counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  const countOf = ({ metadata }: Node) => counts.get(metadata.name) ?? 0;
  const [first] = nodes
    .filter(isOpen)
    .toSorted(
      (left, right) =>
        countOf(left) - countOf(right) || (left.metadata.name < right.metadata.name ? -1 : 1),
    );
  return first;
}

function isOpen({ metadata, spec, status }: Node): boolean {
  if (metadata.deletionTimestamp !== undefined || spec?.unschedulable === true) return false;
  const shuts = ['NoSchedule', 'NoExecute'];
  if (spec?.taints?.some(({ effect }) => shuts.includes(effect)) === true) return false;
  return (
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}
