import { DomainError } from '../../base/error.ts';
import { isObject } from '../../base/is-object.ts';
import type { DockerSeccompProfile } from './seccomp-profile.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A seccomp profile's text, in Docker's form or the OCI's: JSON whose known fields have their
 * types, so that who uses it need not look again. `what` names it in the DomainError `invalid`.
 */
export function readSeccompProfile(text: string, what: string): DockerSeccompProfile {
  let profile: unknown;
  try {
    // Null is absent: Docker's files have it for empty lists.
    profile = JSON.parse(text, (_key, value: unknown) => value ?? undefined);
  } catch {
    throw new DomainError('invalid', `The seccomp ${what} is not JSON`);
  }
  if (!isObject(profile) || typeof profile['defaultAction'] !== 'string') {
    const needed = 'is not a JSON profile with a defaultAction';
    throw new DomainError('invalid', `The seccomp ${what} ${needed}`);
  }
  const wrong = wrongField(profile, profileFields);
  if (wrong === undefined) return profile as unknown as DockerSeccompProfile;
  throw new DomainError('invalid', `The seccomp ${what} has a ${wrong} of the wrong type`);
}

/** Whether a field that is there has its type, or the name of what is wrong inside. */
type Check = (value: unknown) => boolean | string;

const texts: Check = (value) =>
  // A null in a list leaves a hole, which `every` would step over.
  Array.isArray(value) && Array.from(value).every((item) => typeof item === 'string');
const word: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number';
const listOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (!Array.isArray(value)) return false;
    const wrong = Array.from(value, (item) =>
      isObject(item) ? wrongField(item, fields) : 'list item',
    );
    return wrong.find((name) => name !== undefined) ?? true;
  };
const objectOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) ? (wrongField(value, fields) ?? true) : false;

const conditions = objectOf({ caps: texts, arches: texts, minKernel: word });
const profileFields = {
  defaultErrnoRet: number,
  architectures: texts,
  flags: texts,
  listenerPath: word,
  listenerMetadata: word,
  archMap: listOf({ architecture: word, subArchitectures: texts }),
  syscalls: listOf({
    names: texts,
    name: word,
    action: word,
    errnoRet: number,
    args: listOf({ index: number, value: number, valueTwo: number, op: word }),
    includes: conditions,
    excludes: conditions,
  }),
};

function wrongField(object: Fields, fields: Readonly<Record<string, Check>>): string | undefined {
  for (const [name, check] of Object.entries(fields)) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (value === undefined) continue;
    const verdict = check(value);
    if (verdict !== true) return verdict === false ? `field "${name}"` : verdict;
  }
  return undefined;
}
