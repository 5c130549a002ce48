import { type ImageSummary, Images, type LayerProgress } from '../cri/generated/keelson.ts';
import type { Cli } from './cli.ts';
import { formatSize, shortId } from './format.ts';

/** Pulls with a line for each layer: a bar that moves on a terminal, one line a step elsewhere. */
export async function pullImage(
  cli: Cli,
  request: { readonly image: string; readonly platform: string },
  stream: NodeJS.WriteStream,
): Promise<ImageSummary> {
  const display = stream.isTTY ? new Bars(stream) : new Lines(stream);
  for await (const { progress, image } of cli.client.answers(Images.Pull, request)) {
    if (progress !== undefined) display.show(progress);
    if (image !== undefined) return image;
  }
  throw new Error(`The runtime ended the pull of "${request.image}" without an image`);
}

const words: Readonly<Record<string, string>> = {
  waiting: 'Waiting',
  exists: 'Already exists',
  downloading: 'Downloading',
  unpacking: 'Extracting',
  done: 'Pull complete',
};

class Lines {
  readonly #stream: NodeJS.WriteStream;
  readonly #shown = new Map<string, string>();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show({ digest, step }: LayerProgress): void {
    if (this.#shown.get(digest) === step) return;
    this.#shown.set(digest, step);
    const final = step === 'done' || step === 'exists';
    if (final) this.#stream.write(`${shortId(digest)}: ${words[step] ?? step}\n`);
  }
}

class Bars {
  readonly #stream: NodeJS.WriteStream;
  readonly #layers = new Map<string, LayerProgress>();
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(progress: LayerProgress): void {
    this.#layers.set(progress.digest, progress);
    const lines = [...this.#layers.values()].map(line);
    // Up to the first line, then each line anew; \x1b[K clears what was longer.
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : '';
    this.#stream.write(`${up}${lines.map((text) => `${text}\x1b[K\n`).join('')}`);
    this.#drawn = lines.length;
  }
}

const barWidth = 30;

function line({ digest, step, done_bytes, total_bytes }: LayerProgress): string {
  const title = `${shortId(digest)}: ${(words[step] ?? step).padEnd(14)}`;
  if ((step !== 'downloading' && step !== 'unpacking') || total_bytes === 0) return title;
  const filled = Math.min(barWidth, Math.floor((done_bytes / total_bytes) * barWidth));
  const bar = `${'='.repeat(filled)}>${' '.repeat(barWidth - filled)}`.slice(0, barWidth);
  return `${title} [${bar}] ${formatSize(done_bytes)}/${formatSize(total_bytes)}`;
}
