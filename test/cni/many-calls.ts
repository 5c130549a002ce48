/**
 * Plugins of ours called one after the other in one process, as `main.ts` calls them: a process for
 * each would take most of a test's time. Reads a JSON list of calls, prints a list of outcomes.
 */
import { text } from 'node:stream/consumers';
import { plugins } from '../../cni-plugins/registry.ts';
import { answer } from '../../src/cni/answer.ts';
import { builtinInvoker } from '../../src/cni/builtin-invoker.ts';

interface Call {
  readonly type: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly input: object;
}

const outcomes: object[] = [];
for (const { type, environment, input } of JSON.parse(await text(process.stdin)) as Call[]) {
  const plugin = plugins.get(type);
  if (plugin === undefined) throw new Error(`no plugin "${type}"`);
  const { exitCode, stdout } = await answer(plugin, {
    environment,
    readInput: () => Promise.resolve(JSON.stringify(input)),
    signal: AbortSignal.timeout(60_000),
    invoke: builtinInvoker({ plugins }),
  });
  const printed = stdout.trim();
  outcomes.push({ exitCode, ...(printed !== '' && { document: JSON.parse(printed) as object }) });
}
process.stdout.write(JSON.stringify(outcomes));
