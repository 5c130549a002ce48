import type { Command } from 'commander';
import { Connection } from '../../api/client/connection.ts';
import { readKubeconfig } from '../../api/client/kubeconfig.ts';
import { readAnswer } from '../../api/client/read-answer.ts';
import { DomainError } from '../../base/error.ts';
import { decisionsPath } from '../../scheduler/explain/decisions-path.ts';
import type { Explanation } from '../../scheduler/explain/explanation.ts';
import { explanationText } from '../../scheduler/explain/explanation-text.ts';
import type { Cli } from '../cli.ts';

const adminKubeconfig = '/var/lib/keelson/coordinator/admin.kubeconfig';

interface Flags {
  readonly namespace: string;
  readonly kubeconfig?: string;
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
    .argument('<name>')
    .action(async (kind: string, name: string, flags: Flags) => {
      if (!['pod', 'pods', 'po'].includes(kind)) {
        throw new DomainError('unsupported', `Cannot explain a ${kind}: only pods are decided on`);
      }
      const explanation = await askCoordinator(name, flags);
      const isJson = flags.output === 'json';
      await cli.print(
        isJson ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation),
      );
    });
}

async function askCoordinator(name: string, flags: Flags): Promise<Explanation> {
  const path = flags.kubeconfig ?? process.env['KUBECONFIG'] ?? adminKubeconfig;
  await using connection = new Connection(await readKubeconfig(path), 'keelson-explain');
  const parts = [flags.namespace, name].map(encodeURIComponent);
  const answer = await connection.send({ method: 'GET', path: decisionsPath + parts.join('/') });
  return (await readAnswer(answer)) as unknown as Explanation;
}
