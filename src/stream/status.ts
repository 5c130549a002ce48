/** How a remote command ended. */
export type CommandResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * What goes to the error stream: nothing but words before version 4, a `Status` document of the
 * Kubernetes API since then. Undefined for nothing at all.
 */
export function resultText(result: CommandResult, version: number): string | undefined {
  if (version < 4) return wordsOf(result);
  return JSON.stringify({ metadata: {}, ...statusOf(result) });
}

function wordsOf(result: CommandResult): string | undefined {
  if (result.kind === 'failed') return failureText(result.message);
  return result.kind === 'exited' && result.exitCode !== 0 ? exitText(result.exitCode) : undefined;
}

function statusOf(result: CommandResult): object {
  if (result.kind === 'failed') {
    return {
      status: 'Failure',
      message: `Internal error occurred: ${failureText(result.message)}`,
      reason: 'InternalError',
      details: { causes: [{ message: failureText(result.message) }] },
      code: 500,
    };
  }
  if (result.kind === 'done' || result.exitCode === 0) return { status: 'Success' };
  return {
    status: 'Failure',
    message: exitText(result.exitCode),
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
  };
}

function exitText(exitCode: number): string {
  return `command terminated with non-zero exit code: exit status ${exitCode}`;
}

function failureText(message: string): string {
  return `error executing command in container: ${message}`;
}

interface Status {
  readonly status?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: { readonly causes?: readonly { reason?: unknown; message?: unknown }[] };
}

/** Reads what {@link resultText} writes for version 4 and later; `failed` for anything else. */
export function parseResult(text: string): CommandResult {
  let status: Status | null;
  try {
    status = JSON.parse(text) as Status | null;
  } catch {
    return { kind: 'failed', message: text };
  }
  if (status?.status === 'Success') return { kind: 'done' };
  const causes = Array.isArray(status?.details?.causes) ? status.details.causes : [];
  const code = causes.find((cause) => cause?.reason === 'ExitCode')?.message;
  if (status?.reason === 'NonZeroExitCode' && /^\d{1,3}$/.test(String(code))) {
    return { kind: 'exited', exitCode: Number(code) };
  }
  return { kind: 'failed', message: typeof status?.message === 'string' ? status.message : text };
}
