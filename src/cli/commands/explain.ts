import type { Command } from 'commander';
import { ApiError } from '../../api/status.ts';
import { DomainError } from '../../base/error.ts';
import { decisionsPath } from '../../scheduler/explain/decisions-path.ts';
import type { Explanation } from '../../scheduler/explain/explanation.ts';
import { explanationText } from '../../scheduler/explain/explanation-text.ts';
import { askCoordinator, type CoordinatorFlags } from '../ask-coordinator.ts';
import type { Cli } from '../cli.ts';

interface Flags extends CoordinatorFlags {
  readonly output: string;
}

export function define(command: Command, cli: Cli): void {
  command
    .option('-n, --namespace <name>', "the pod's namespace", 'default')
    .option(
      '--kubeconfig <path>',
      'how to reach the coordinator (default: $KUBECONFIG, or its own)',
    )
    .option('-o, --output <format>', 'text or json', 'text')
    .argument('<kind>', 'pod')
    .argument('[name]')
    .action(async (first: string, second: string | undefined, flags: Flags) => {
      const [kind = '', name = ''] = second === undefined ? first.split('/', 2) : [first, second];
      if (name === '') throw new DomainError('invalid', 'Which pod? explain pod NAME');
      if (!['pod', 'pods', 'po'].includes(kind)) {
        throw new DomainError('unsupported', `Cannot explain a ${kind}: only pods are decided on`);
      }
      const explanation = await readExplanation(name, flags);
      const isJson = flags.output === 'json';
      await cli.print(
        isJson ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation),
      );
    });
}

async function readExplanation(name: string, flags: Flags): Promise<Explanation> {
  const parts = [flags.namespace, name].map(encodeURIComponent);
  try {
    const answer = await askCoordinator(decisionsPath + parts.join('/'), flags);
    return answer as unknown as Explanation;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 404) throw error;
    const pod = `pod "${name}" in namespace "${flags.namespace}"`;
    throw new DomainError('notFound', `The scheduler remembers no decision about ${pod}`);
  }
}
