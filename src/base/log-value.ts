/**
 * `https://user:password@`, and `user:password@host/image` as somebody may write an image; not
 * `host:5000/image@sha256:0123…`. It begins where a word does: tried at each letter, a long word
 * would take the square of its length.
 */
const userInfo = /(?<![^\s"'@])([a-z]+:\/\/)?[^\s"'@:]*:[^\s"'@]*@(?=[\w[])(?!\w+:[0-9a-f]{32})/gi;

/** What authorities hand out, in headers and addresses as servers may quote them back. */
const tokens = /\b(bearer +|basic +|(?:token|password|secret)["']?[:=]\s*["']?)[\w.~+/=-]{6,}/gi;

/** A text for the log without what opens doors elsewhere. */
export function withoutCredentials(text: string): string {
  return text.replace(userInfo, '$1***@').replace(tokens, '$1***');
}

interface Described {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: Described;
}

const deepest = 4;

/**
 * An error for the log. Its other fields stay out: those of a library may hold a whole request,
 * with its headers.
 */
export function describeError(error: unknown, depth = 0): Described {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: withoutCredentials(String(error)) };
  }
  const { message, stack, cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: withoutCredentials(message),
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack: withoutCredentials(stack) }),
    ...(cause === undefined || depth >= deepest ? {} : { cause: describeError(cause, depth + 1) }),
  };
}
