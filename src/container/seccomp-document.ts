import { release } from 'node:os';
import { readSeccompProfile } from '../kernel/seccomp/read-seccomp-profile.ts';
import {
  type DockerSeccompProfile,
  reduceDockerProfile,
} from '../kernel/seccomp/seccomp-profile.ts';
import type { Seccomp } from './spec-linux.ts';

/** A profile as files have it: Docker's form, whose rules have conditions, or the OCI's. */
export type SeccompDocument = DockerSeccompProfile;

/** Throws DomainError `invalid`, where `what` names the profile. */
export function readSeccomp(text: string, what: string): SeccompDocument {
  return readSeccompProfile(text, what);
}

/**
 * What of the document counts for a container with these capabilities on this machine. Without it
 * a rule of Docker's file that is for CAP_SYS_ADMIN alone would open its calls to everyone.
 */
export function seccompFor(document: SeccompDocument, capabilities: readonly string[]): Seccomp {
  const machine = { architecture: process.arch, kernel: release() };
  return reduceDockerProfile(document, { capabilities, ...machine }) as Seccomp;
}
