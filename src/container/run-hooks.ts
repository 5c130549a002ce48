import { DomainError } from '../base/error.ts';
import type { Container } from './container.ts';
import type { EngineContext } from './engine-context.ts';

/** Hooks that run on the host, with the state document on stdin. */
export async function runHooks(
  _context: EngineContext,
  container: Container,
  kind: 'prestart' | 'createRuntime' | 'poststart' | 'poststop',
): Promise<void> {
  const hooks = container.request.spec.hooks?.[kind] ?? [];
  if (hooks.length > 0) throw new DomainError('unsupported', `Hooks of kind "${kind}"`);
}
