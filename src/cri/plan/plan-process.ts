import { DomainError } from '../../base/error.ts';
import type { Process } from '../../container/spec.ts';
import { planCapabilities } from './plan-capabilities.ts';
import type { PlanInput } from './plan-input.ts';

/** Docker's, for images that set none. */
const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The container's first program: `process` of the runtime specification. */
export function planProcess(input: PlanInput): Process {
  const { config, facts, options } = input;
  const security = config.linux?.security_context;
  const { uid, gid, additionalGids } = facts.user;
  return {
    terminal: config.tty,
    user: { uid, gid, additionalGids },
    args: planArgs(input),
    env: planEnvironment(input),
    cwd: planWorkingDirectory(input),
    capabilities: planCapabilities(security, input.machine),
    noNewPrivileges: security?.no_new_privs ?? false,
    oomScoreAdj: Math.max(config.linux?.resources?.oom_score_adj ?? 0, input.machine.leastOomScore),
    ...((options?.rlimits.length ?? 0) === 0 ? {} : { rlimits: options?.rlimits ?? [] }),
  };
}

/**
 * `command` replaces the image's entry point and drops its arguments; `args` replace its arguments.
 */
export function planArgs({ config, image, options }: PlanInput): readonly string[] {
  const replaced = config.command.length > 0 || options?.clear_entrypoint === true;
  const entrypoint = replaced ? config.command : image.entrypoint;
  const own = replaced ? [] : image.cmd;
  const args = [...entrypoint, ...(config.args.length > 0 ? config.args : own)];
  if (args.length === 0) {
    throw new DomainError('invalid', 'No command given, and the image has none of its own');
  }
  return args.map((arg) => withoutNul(arg, 'argument'));
}

/** The image's variables, over them the request's; what neither sets has the usual values. */
export function planEnvironment({ config, pod, image, facts, options }: PlanInput): string[] {
  const variables = new Map<string, string>();
  const set = (entry: string): void => {
    const [name] = entry.split('=', 1);
    if (name !== undefined && name !== '' && entry.includes('=')) variables.set(name, entry);
  };
  set(defaultPath);
  if (config.tty) set('TERM=xterm');
  // The shell of many images makes its prompt of it.
  if (options !== undefined || pod.hostname !== '') set(`HOSTNAME=${pod.hostname}`);
  for (const entry of image.env) set(withoutNul(entry, 'environment variable of the image'));
  for (const { key, value } of config.envs)
    set(`${variableName(key)}=${variableValue(key, value)}`);
  if (!variables.has('HOME')) set(`HOME=${facts.user.home}`);
  return [...variables.values()];
}

function variableName(name: string): string {
  if (name === '' || name.includes('=')) {
    throw new DomainError('invalid', `Invalid name of an environment variable "${name}"`);
  }
  return withoutNul(name, 'name of an environment variable');
}

/** The value itself stays out of the message: it may be a secret. */
function variableValue(name: string, value: Uint8Array): string {
  const text = Buffer.from(value).toString('utf8');
  if (!Buffer.from(text).equals(value)) {
    throw new DomainError('unsupported', `Environment variable "${name}" is not UTF-8`);
  }
  return withoutNul(text, `value of environment variable "${name}"`);
}

export function planWorkingDirectory({ config, image }: PlanInput): string {
  const path = config.working_dir === '' ? image.workingDir : config.working_dir;
  if (path === '') return '/';
  withoutNul(path, 'working directory');
  if (config.working_dir !== '' && !path.startsWith('/')) {
    throw new DomainError('invalid', `Working directory "${path}" is not an absolute path`);
  }
  return path.startsWith('/') ? path : `/${path}`;
}

function withoutNul(text: string, what: string): string {
  if (text.includes('\0')) throw new DomainError('invalid', `NUL character in ${what}`);
  return text;
}
