import { DomainError } from '../../base/error.ts';
import type { RunOptions } from '../generated/keelson.ts';
import { type ContainerConfig, SupplementalGroupsPolicy } from '../generated/runtime.ts';

/**
 * Whom to look up in the image, as `user[:group]`: the request's user, else the image's. The
 * number form keeps names of the image out of it (CVE-2026-46680).
 */
export function userRequest({
  config,
  options,
  imageUser,
}: {
  readonly config: ContainerConfig;
  readonly options: RunOptions | undefined;
  readonly imageUser: string;
}): { user: string; groups: string[]; merge: boolean } {
  const security = config.linux?.security_context;
  const groups = [
    ...(security?.supplemental_groups ?? []).map((gid) => numberText(gid, 'group')),
    ...(options?.groups ?? []),
  ];
  const merge = security?.supplemental_groups_policy !== SupplementalGroupsPolicy.Strict;
  if ((options?.user ?? '') !== '') return { user: options?.user ?? '', groups, merge };
  const name = security?.run_as_username ?? '';
  const asked =
    security?.run_as_user !== undefined ? numberText(security.run_as_user.value, 'user') : name;
  if (security?.run_as_group === undefined) {
    return { user: asked === '' ? imageUser : asked, groups, merge };
  }
  if (asked === '') throw new DomainError('invalid', 'run_as_group needs a user');
  return { user: `${asked}:${numberText(security.run_as_group.value, 'group')}`, groups, merge };
}

function numberText(id: number, what: string): string {
  if (Number.isInteger(id) && id >= 0 && id < 2 ** 32 - 1) return String(id);
  throw new DomainError('invalid', `Invalid ${what} id ${id}`);
}
