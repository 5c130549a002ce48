import type { Command } from 'commander';
import { Containers, type Span } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { createRequest } from '../create-request.ts';
import { alignColumns } from '../listing.ts';
import { provideImage } from '../provide-image.ts';
import { readRunFiles } from '../read-files.ts';
import { addRunFlags, type RunFlags } from '../run-flags.ts';
import { runSession } from '../session.ts';

export function define(command: Command, cli: Cli): void {
  command.enablePositionalOptions();
  addRunFlags(command.command('run').description('Make a container and start it'))
    .argument('<image>', 'image to run')
    .argument('[command...]', "in place of the image's command")
    .passThroughOptions()
    .action((image: string, words: readonly string[], flags: RunFlags) =>
      trace(cli, flags, [image, ...words]),
    );
}

async function trace(cli: Cli, flags: RunFlags, words: readonly string[]): Promise<void> {
  const request = createRequest(flags, words, await readRunFiles(flags));
  await provideImage(cli, flags, words[0] ?? '');
  const startedAt = performance.now();
  let startedMs = 0;
  let spans: readonly Span[] = [];
  const code = await runSession(cli, {
    method: Containers.Run,
    first: { create: { ...request, options: { ...request.options, trace: true } } },
    stdin: flags.interactive === true,
    terminal: flags.tty === true,
    detachKeys: 'ctrl-p,ctrl-q',
    proxySignals: true,
    onStart: async () => {
      startedMs = performance.now() - startedAt;
    },
    onTrace: async (trace) => {
      spans = trace.spans;
    },
  });
  await cli.printError(tableOf(spans, { startedMs, totalMs: performance.now() - startedAt }));
  if (code !== undefined) process.exitCode = code;
}

function tableOf(
  spans: readonly Span[],
  { startedMs, totalMs }: { startedMs: number; totalMs: number },
): string {
  const rows = spans.map(({ name, start_ms, duration_ms, depth }) => [
    `${'  '.repeat(depth)}${name}`,
    start_ms.toFixed(2),
    duration_ms.toFixed(2),
  ]);
  const ends = [
    ['(until the client heard of it)', '0.00', startedMs.toFixed(2)],
    ['(until its end)', '0.00', totalMs.toFixed(2)],
  ];
  return alignColumns([['STEP', 'AT ms', 'TOOK ms'], ...rows, ...ends]);
}
