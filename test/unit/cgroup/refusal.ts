/** What a DomainError of a kind looks like to `t.throws` and `t.rejects`. */
export function refusal(kind: string, message: string | RegExp = /./): Refusal {
  return { name: 'DomainError', kind, message };
}

/** What a KernelError with a code looks like. */
export function kernelFailure(code: string): Refusal {
  return { name: 'KernelError', code, message: /./ };
}

interface Refusal {
  readonly name: string;
  readonly message: string | RegExp;
  readonly kind?: string;
  readonly code?: string;
}
