import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';

/** What is told when the node is there, and kept for whoever asks later. */
export interface Welcome {
  readonly node: string;
  /** Whether the coordinator is here. */
  readonly first: boolean;
  readonly ready?: boolean;
  /** What another machine gives to `keelson up --join`. */
  readonly join?: string | undefined;
  readonly kubeconfig?: string;
}

/** It holds a token, so only root may read it. */
export function welcomePath(state: string): string {
  return `${state}/up.json`;
}

export function welcomeText({ node, first, ready, join, kubeconfig }: Welcome): string {
  if (!first)
    return `Node ${node} runs; \`kubectl get nodes\` on the coordinator's node shows it.\n`;
  const state = ready === true ? 'is ready' : 'runs, but is not ready yet: `kubectl describe node`';
  const lines = [
    `Node ${node} ${state}.`,
    '',
    `  export KUBECONFIG=${kubeconfig ?? ''}`,
    '  kubectl get nodes,pods -A',
    ...(hasKubectl() ? [] : [`  (${whereKubectl})`]),
    '',
    'Another machine joins, within 24 hours, by:',
    `  keelson up --join ${join ?? ''}`,
    '',
  ];
  return lines.join('\n');
}

const whereKubectl =
  'kubectl is missing here: https://kubernetes.io/docs/tasks/tools/, one static program, 1.27 to 1.33';

function hasKubectl(): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => existsSync(`${folder}/kubectl`));
}
