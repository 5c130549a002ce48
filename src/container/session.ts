import { closeDescriptor } from '../kernel/descriptor.ts';
import { readingEnd, terminalEnd, writingEnd } from '../kernel/streams.ts';
import type { Session, TerminalSize } from './container-engine.ts';

export interface SessionParts {
  /** The descriptors are one pty's master. */
  readonly terminal: boolean;
  readonly input: boolean;
  readonly exited: Promise<number>;
  resize(size: TerminalSize): Promise<void>;
  /** `ended`: nobody can write to its streams any more. */
  close(ended: boolean): Promise<void>;
}

/** Takes over the descriptors that a shim gave for an exec: stdin if open, stdout, stderr. */
export function sessionOf(fds: readonly number[], parts: SessionParts): Session {
  const { exited } = parts;
  const resize = (size: TerminalSize): Promise<void> => parts.resize(size);
  if (parts.terminal) {
    const terminal = terminalEnd(fds[0] ?? -1);
    return {
      stdin: parts.input ? terminal : undefined,
      stdout: terminal,
      stderr: undefined,
      exited,
      resize,
      close: async () => {
        await parts.close(terminal.readableEnded);
        terminal.destroy();
      },
    };
  }
  const rest = [...fds];
  const stdin = parts.input ? writingEnd(rest.shift() ?? -1) : undefined;
  const stdout = readingEnd(rest[0] ?? -1);
  const stderr = readingEnd(rest[1] ?? -1);
  return {
    stdin,
    stdout,
    stderr,
    exited,
    resize,
    close: async () => {
      const ended = [stdout, stderr].every((stream) => stream.readableEnded);
      await parts.close(ended).finally(() => {
        for (const stream of [stdin, stdout, stderr]) stream?.destroy();
      });
    },
  };
}

/** The same for an attached client: stdout, stderr (none with a terminal), stdin if open. */
export function attachedSession(
  fds: readonly number[],
  parts: SessionParts & { givenUp(): boolean },
): Session {
  const rest = [...fds];
  const stdout = readingEnd(rest.shift() ?? -1);
  const stderr = parts.terminal ? undefined : readingEnd(rest.shift() ?? -1);
  const input = rest.shift();
  if (input !== undefined && !parts.input) closeDescriptor(input);
  const stdin = input !== undefined && parts.input ? writingEnd(input) : undefined;
  return {
    stdin,
    stdout,
    stderr,
    exited: parts.exited,
    resize: (size) => parts.resize(size),
    givenUp: () => parts.givenUp(),
    close: async () => {
      const ended = stdout.readableEnded;
      for (const stream of [stdin, stdout, stderr]) stream?.destroy();
      await parts.close(ended);
    },
  };
}
