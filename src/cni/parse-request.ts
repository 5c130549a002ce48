import { fstatSync, statSync } from 'node:fs';
import { CniCode, CniError } from './cni-error.ts';
import { type Invoke, isVerb, type Verb } from './invocation.ts';
import { Fields, isObject, parseObject, type JsonObject } from './json.ts';
import type { CniPlugin, Delegate, PluginRequest } from './plugin.ts';
import { decodeResult } from './result.ts';
import type { AttachmentKey } from './result-cache.ts';
import { atLeast, impliedSpecVersion, isSpecVersion, type SpecVersion } from './spec-version.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Which variables a verb needs; the reference plugins ask for CNI_PATH throughout. */
const required: Record<Exclude<Verb, 'VERSION'>, readonly string[]> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'],
  GC: ['CNI_PATH'],
  STATUS: ['CNI_PATH'],
};

const earliest: Partial<Record<Verb, SpecVersion>> = {
  CHECK: '0.4.0',
  GC: '1.1.0',
  STATUS: '1.1.0',
};

const validId = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** The verb of a call. Throws CniError 4. */
export function parseVerb(environment: Environment): Verb {
  const command = environment['CNI_COMMAND'] ?? '';
  if (!isVerb(command)) {
    throw new CniError(CniCode.invalidEnvironment, `unknown CNI_COMMAND: ${command}`);
  }
  return command;
}

/** What a plugin is called with, as it came. */
export interface RawRequest {
  readonly environment: Environment;
  /** Of stdin; a caller in the same process has it as a document already. */
  readonly input: string | JsonObject;
  readonly netnsFd?: number | undefined;
  /** How to call plugins that lie in these folders. */
  readonly invoke: (folders: readonly string[]) => Invoke;
}

/** Checks all that a plugin is called with. Throws CniError 1, 4, 6, 7 or 8. */
export function parseRequest(plugin: CniPlugin, raw: RawRequest): PluginRequest {
  const { environment, input, netnsFd } = raw;
  const verb = parseVerb(environment);
  if (verb === 'VERSION') throw new Error('VERSION has no request');
  checkEnvironment(verb, raw);
  const what = 'the network configuration';
  const config = typeof input === 'string' ? parseObject(input, what) : input;
  const fields = new Fields(config, 'the network configuration');
  const specVersion = configuredVersion(plugin, fields.string('cniVersion'));
  checkVerbAllowed(verb, specVersion);
  const previous = fields.object('prevResult');
  return {
    verb,
    containerId: environment['CNI_CONTAINERID'] ?? '',
    interfaceName: environment['CNI_IFNAME'] ?? '',
    netns: environment['CNI_NETNS'] ?? '',
    ...(netnsFd !== undefined && { netnsFd }),
    args: parseArguments(environment['CNI_ARGS'] ?? ''),
    path: foldersOf(environment),
    networkName: configuredName(fields),
    specVersion,
    config,
    runtimeConfig: runtimeConfigOf(fields),
    previousResult: previous && decodeResult(previous, specVersion),
    validAttachments: attachments(config),
    delegate: delegateOf(raw),
  };
}

/**
 * containerd's library gives the fields within a capability's value no names of their own: it
 * writes `HostPort` for `hostPort`, which Go's decoder takes for the same.
 */
function runtimeConfigOf(fields: Fields): JsonObject {
  const capabilities = Object.entries(fields.object('runtimeConfig') ?? {});
  return Object.fromEntries(capabilities.map(([name, value]) => [name, renamed(value, 0)]));
}

/** Ranges of addresses are the deepest: a list of lists of objects. */
const capabilityDepth = 4;

function renamed(value: unknown, depth: number): unknown {
  if (depth === capabilityDepth) return value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, depth + 1));
  if (!isObject(value)) return value;
  const fields = Object.entries(value).map(([key, item]) => [key, renamed(item, depth + 1)]);
  const others = fields.map(([key, item]) => [decapitalized(String(key)), item]);
  return Object.fromEntries([...others, ...fields]);
}

function decapitalized(key: string): string {
  return key.charAt(0).toLowerCase() + key.slice(1);
}

function foldersOf(environment: Environment): readonly string[] {
  return (environment['CNI_PATH'] ?? '').split(':').filter(Boolean);
}

/** The delegate gets the environment that its caller got, with the verb of the call. */
function delegateOf({ environment, netnsFd, invoke }: RawRequest): Delegate {
  const names = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_ARGS', 'CNI_NETNS_OVERRIDE'];
  const given = names.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return async ({ verb, type, config }, signal) => {
    const fixed = { type, environment: Object.fromEntries(given), input: config };
    const invocation = { verb, ...fixed, ...(netnsFd !== undefined && { netnsFd }) };
    return await invoke(foldersOf(environment))(invocation, signal);
  };
}

function checkEnvironment(verb: Exclude<Verb, 'VERSION'>, raw: RawRequest): void {
  const { environment } = raw;
  const missing = required[verb].filter((name) => (environment[name] ?? '') === '');
  if (missing.length > 0) refuse(`required env variables [${missing.join(',')}] missing`);
  const { CNI_CONTAINERID: id = '', CNI_IFNAME: name = '' } = environment;
  if (id !== '' && !validId.test(id)) refuse(`invalid characters in containerID "${id}"`);
  if (name !== '' && !isInterfaceName(name)) refuse(`invalid interface name "${name}"`);
  if ((verb === 'ADD' || verb === 'DEL') && !overrides(environment) && isOwnNamespace(raw)) {
    throw new CniError(
      CniCode.invalidNetworkNamespace,
      "plugin's netns and netns from CNI_NETNS should not be the same",
    );
  }
}

/** The kernel's rule, dev_valid_name: 1 to 15 bytes, no slash, colon or white space. */
function isInterfaceName(name: string): boolean {
  const size = Buffer.byteLength(name);
  return size >= 1 && size <= 15 && name !== '.' && name !== '..' && !/[/:\s\0]/.test(name);
}

function overrides(environment: Environment): boolean {
  return /^(1|true)$/i.test(environment['CNI_NETNS_OVERRIDE'] ?? '');
}

function isOwnNamespace({ environment, netnsFd }: RawRequest): boolean {
  const path = environment['CNI_NETNS'] ?? '';
  if (path === '' && netnsFd === undefined) return false;
  try {
    const given = netnsFd === undefined ? statSync(path) : fstatSync(netnsFd);
    const own = statSync('/proc/self/ns/net');
    return given.ino === own.ino && given.dev === own.dev;
  } catch {
    return false;
  }
}

function configuredName(fields: Fields): string {
  const name = fields.string('name');
  if (name === '') fields.fail('name', 'is missing');
  if (!validId.test(name)) fields.fail('name', 'has a character that is not allowed');
  return name;
}

function configuredVersion(plugin: CniPlugin, text: string): SpecVersion {
  const version = text === '' ? impliedSpecVersion : text;
  if (isSpecVersion(version) && plugin.specVersions.includes(version)) return version;
  throw new CniError(
    CniCode.incompatibleVersion,
    'incompatible CNI versions',
    `config is "${version}", plugin supports ${JSON.stringify(plugin.specVersions)}`,
  );
}

function checkVerbAllowed(verb: Verb, version: SpecVersion): void {
  const least = earliest[verb];
  if (least === undefined || atLeast(version, least)) return;
  throw new CniError(
    CniCode.incompatibleVersion,
    `config version does not allow ${verb}`,
    `config is "${version}", ${verb} needs ${least}`,
  );
}

/** `K=V;K=V`. A later key wins, as in the reference. */
function parseArguments(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(';').filter(Boolean);
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) refuse(`invalid CNI_ARGS pair "${pair}"`);
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
}

/** libcni wrote the second key before the specification settled on the first. */
function attachments(config: JsonObject): readonly AttachmentKey[] {
  const list = config['cni.dev/valid-attachments'] ?? config['cni.dev/attachments'];
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((entry) => ({
    containerId: String(entry['containerID']),
    interfaceName: String(entry['ifname']),
  }));
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidEnvironment, problem);
}
