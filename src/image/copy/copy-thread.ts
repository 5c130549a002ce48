/** The program of a thread that copies once, out of a container or into one, and ends. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { toPlain, type PlainError } from '../layer/thread-message.ts';
import { openContainerRoot, type RootSource } from './container-root.ts';
import { copyIn, type CopyInRequest } from './copy-in.ts';
import { copyOut, type CopiedKind, type CopyOutRequest } from './copy-out.ts';

export type CopyTask =
  | { readonly source: RootSource; readonly out: CopyOutRequest }
  | { readonly source: RootSource; readonly in: CopyInRequest };

/** What the thread says; each item but `done` and `failed` waits for an answer. */
export type CopyNews =
  | { readonly kind: CopiedKind }
  | { readonly bytes: Uint8Array }
  | { readonly ready: true }
  | { readonly done: true }
  | { readonly failed: PlainError };

/** What the thread is answered: go on, here is more, or that was all. */
export type CopyAnswer = 'next' | 'end' | { readonly bytes: Uint8Array };

if (parentPort !== null) await run(parentPort, workerData as CopyTask);

async function run(port: MessagePort, task: CopyTask): Promise<void> {
  try {
    using root = openContainerRoot(task.source);
    if ('out' in task) await giveOut(port, root.fd, task.out);
    else await takeIn(port, root.fd, task.in);
    tell(port, { done: true });
  } catch (error) {
    tell(port, { failed: toPlain(error) });
  }
  port.close();
}

async function giveOut(port: MessagePort, root: number, request: CopyOutRequest): Promise<void> {
  for await (const item of copyOut(root, request)) {
    await ask(port, item instanceof Uint8Array ? { bytes: item } : { kind: item });
  }
}

async function takeIn(port: MessagePort, root: number, request: CopyInRequest): Promise<void> {
  using copy = copyIn(root, request);
  for (;;) {
    const answer = await ask(port, { ready: true });
    if (typeof answer === 'string') break;
    copy.write(Buffer.from(answer.bytes));
  }
  copy.finish();
}

function ask(port: MessagePort, news: CopyNews): Promise<CopyAnswer> {
  return new Promise((resolve) => {
    port.once('message', resolve);
    tell(port, news);
  });
}

function tell(port: MessagePort, news: CopyNews): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  port.postMessage(news);
}
