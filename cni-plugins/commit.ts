import type { Connection } from '../src/netlink/connection.ts';
import type { Request } from '../src/netlink/request.ts';

/** A change, and the kernel's refusals of it that do no harm: `EEXIST` of what is there. */
export interface Change {
  readonly request: Request;
  readonly harmless: readonly string[];
}

/**
 * Makes all changes in one system call, in their order. Throws the first refusal that does harm;
 * the changes are no transaction, so others may hold then.
 */
export async function commit(
  connection: Connection,
  changes: readonly (Request | Change)[],
): Promise<void> {
  if (changes.length === 0) return;
  const whole = changes.map((change) =>
    'request' in change ? change : { request: change, harmless: [] },
  );
  const failures = await connection.batch(whole.map(({ request }) => request));
  const harm = failures.find(
    ({ index, error }) => whole[index]?.harmless.includes(error.code) !== true,
  );
  if (harm !== undefined) throw harm.error;
}
