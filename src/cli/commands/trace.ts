import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import { Containers, type Span } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';
import { createRequest } from '../create-request.ts';
import { alignColumns } from '../listing.ts';
import { provideImage } from '../provide-image.ts';
import { readRunFiles } from '../read-files.ts';
import { addRunFlags, type RunFlags } from '../run-flags.ts';
import { runSession } from '../session.ts';

export function define(command: Command, cli: Cli): void {
  addRunFlags(command)
    .usage('run [OPTIONS] IMAGE [COMMAND...]')
    .argument('<run>', 'the word run')
    .argument('<words...>', 'image to run, and a command in place of its own')
    .passThroughOptions()
    .action(async (word: string, words: readonly string[], flags: RunFlags) => {
      if (word !== 'run') throw new DomainError('invalid', `Cannot trace "${word}", only run`);
      await trace(cli, flags, words);
    });
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
