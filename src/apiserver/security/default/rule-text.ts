import type { PolicyRule } from '../../../api/types/generated/rbac-v1.ts';

/** Verbs by one word. */
const verbWords: Readonly<Record<string, readonly string[]>> = {
  read: ['get', 'list', 'watch'],
  write: ['create', 'delete', 'deletecollection', 'patch', 'update'],
};

/**
 * Rules of a table, one a line: verbs, group, resources, and names if only those are meant.
 * `read` and `write` are several verbs; `-` is the core group, `path` stands for paths. A line that
 * ends with a comma goes on in the next.
 *
 *     read - pods,services
 *     update - endpoints kube-scheduler
 *     get path /healthz,/version
 */
export function readRules(text: string): readonly PolicyRule[] {
  return text
    .replaceAll(/,\s*\n\s*/g, ',')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(readRule);
}

function readRule(line: string): PolicyRule {
  const [verbText = '', group = '', things = '', names] = line.split(/ +/);
  const verbs = verbText.split(',').flatMap((word) => verbWords[word] ?? [word]);
  if (group === 'path') return { verbs, nonResourceURLs: things.split(',') };
  return {
    verbs,
    apiGroups: group.split(',').map((word) => (word === '-' ? '' : word)),
    resources: things.split(','),
    ...(names !== undefined && { resourceNames: names.split(',') }),
  };
}
