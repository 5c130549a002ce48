import { DomainError } from '../../base/error.ts';
import { seccompFor } from '../../container/seccomp-document.ts';
import type { Seccomp } from '../../container/spec-linux.ts';
import {
  type LinuxContainerSecurityContext,
  type SecurityProfile,
  ProfileType,
} from '../generated/runtime.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * The profile to apply; undefined is unconfined. Containers of the command line get the default
 * profile where they name none, those of the CRI none, as the CRI says.
 */
export function planSeccomp(
  { config, machine, facts, options }: PlanInput,
  capabilities: readonly string[],
): Seccomp | undefined {
  const security = config.linux?.security_context;
  if (security?.privileged === true) return undefined;
  const profile = seccompProfile(security);
  const type = profile?.profile_type ?? (options === undefined ? undefined : 0);
  if (type === undefined || type === ProfileType.Unconfined) return undefined;
  if (type === ProfileType.RuntimeDefault) return machine.seccomp(capabilities);
  if (facts.seccomp !== undefined) return seccompFor(facts.seccomp, capabilities);
  throw new DomainError('invalid', `Seccomp profile "${profile?.localhost_ref ?? ''}" is not read`);
}

/** The message, or the older string in its form: `runtime/default`, `localhost/PATH`. */
export function seccompProfile(
  security: LinuxContainerSecurityContext | undefined,
): SecurityProfile | undefined {
  if (security?.seccomp !== undefined) return security.seccomp;
  const text = security?.seccomp_profile_path ?? '';
  if (text === '') return undefined;
  if (text === 'unconfined') return { profile_type: ProfileType.Unconfined, localhost_ref: '' };
  if (text === 'runtime/default' || text === 'docker/default') {
    return { profile_type: ProfileType.RuntimeDefault, localhost_ref: '' };
  }
  if (text.startsWith('localhost/')) {
    return { profile_type: ProfileType.Localhost, localhost_ref: text.slice('localhost/'.length) };
  }
  throw new DomainError('invalid', `Invalid seccomp profile "${text}"`);
}

/** Nothing to do where the machine has no AppArmor, unless a profile of its own was asked for. */
export function checkAppArmor({ config, machine }: PlanInput): void {
  const security = config.linux?.security_context;
  const asked =
    security?.apparmor?.profile_type === ProfileType.Localhost ||
    (security?.apparmor === undefined && security?.apparmor_profile.startsWith('localhost/'));
  if (asked === true && security?.privileged !== true) {
    const why = machine.appArmor ? 'keelson does not set profiles yet' : 'the machine has none';
    throw new DomainError('unsupported', `Cannot apply an AppArmor profile: ${why}`);
  }
}
