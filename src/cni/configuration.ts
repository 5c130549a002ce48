import { CniCode, CniError } from './cni-error.ts';
import { Fields, type JsonObject, isObject, parseObject } from './json.ts';
import { impliedSpecVersion, newestOf, type SpecVersion, specVersions } from './spec-version.ts';

/** One plugin of a network: the program to call, and its document with all unknown keys kept. */
export interface PluginConfiguration {
  readonly type: string;
  /** Names of the capabilities that it declares: what of `runtimeConfig` it is given. */
  readonly capabilities: readonly string[];
  readonly document: JsonObject;
}

/** A network: the plugins that an attachment goes through, in order. */
export interface NetworkConfiguration {
  readonly name: string;
  readonly specVersion: SpecVersion;
  readonly disableCheck: boolean;
  readonly disableGarbageCollection: boolean;
  readonly plugins: readonly PluginConfiguration[];
}

/** What stands in a file before plugins of its folder are added. */
export interface ParsedNetwork extends NetworkConfiguration {
  /** False: plugins are also to be loaded from `<folder>/<name>/*.conf`. */
  readonly loadOnlyInlinedPlugins: boolean;
}

const validName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const maximumPlugins = 64;

/** A `.conflist` with its plugins, or a `.conf` with one alone. Throws CniError 1, 6 or 7. */
export function parseNetwork(text: string): ParsedNetwork {
  const document = parseObject(text, 'the network configuration');
  const fields = new Fields(document, 'the network configuration');
  const common = { name: networkName(fields), specVersion: specVersionOf(fields) };
  if (fields.string('type') !== '' && document['plugins'] === undefined) {
    return { ...common, ...bareNetwork(document) };
  }
  return { ...common, ...listedNetwork(fields) };
}

/** The document of which {@link parseNetwork} makes the same network. */
export function networkDocument(network: NetworkConfiguration): JsonObject {
  return {
    cniVersion: network.specVersion,
    name: network.name,
    ...(network.disableCheck && { disableCheck: true }),
    ...(network.disableGarbageCollection && { disableGC: true }),
    plugins: network.plugins.map(({ document }) => document),
  };
}

/** One plugin's document, from a list or from a file of its own. */
export function parsePlugin(document: JsonObject): PluginConfiguration {
  const fields = new Fields(document, 'the plugin configuration');
  const type = fields.string('type');
  if (type === '') fields.fail('type', 'is missing');
  // The type becomes a file name in the plugin folder (CVE-2021-20206).
  if (/[/\\\0]/.test(type) || type === '.' || type === '..') fields.fail('type', 'is not a name');
  const capabilities = fields.object('capabilities') ?? {};
  return {
    type,
    capabilities: Object.keys(capabilities).filter((name) => capabilities[name] === true),
    document,
  };
}

function networkName(fields: Fields): string {
  const name = fields.string('name');
  if (name === '') fields.fail('name', 'is missing');
  if (!validName.test(name)) fields.fail('name', 'has a character that is not allowed');
  return name;
}

/** The newest version that both sides speak, of `cniVersion` and the list `cniVersions`. */
function specVersionOf(fields: Fields): SpecVersion {
  const offered = [fields.string('cniVersion'), ...fields.strings('cniVersions')].filter(Boolean);
  if (offered.length === 0) return impliedSpecVersion;
  const version = newestOf(offered);
  if (version !== undefined) return version;
  throw new CniError(
    CniCode.incompatibleVersion,
    'Incompatible CNI versions',
    `config is ${JSON.stringify(offered.join(', '))}, keelson supports ${specVersions.join(', ')}`,
  );
}

function bareNetwork(document: JsonObject) {
  return {
    disableCheck: false,
    disableGarbageCollection: false,
    loadOnlyInlinedPlugins: true,
    plugins: [parsePlugin(document)],
  };
}

function listedNetwork(fields: Fields) {
  const documents = fields.objects('plugins');
  const loadOnlyInlinedPlugins = fields.boolean('loadOnlyInlinedPlugins');
  if (documents.length > maximumPlugins)
    fields.fail('plugins', `has over ${maximumPlugins} entries`);
  if (documents.length === 0 && loadOnlyInlinedPlugins) fields.fail('plugins', 'is empty');
  return {
    disableCheck: fields.boolean('disableCheck'),
    disableGarbageCollection: fields.boolean('disableGC'),
    loadOnlyInlinedPlugins,
    plugins: documents.map(parsePlugin),
  };
}

/** The document that a plugin gets on stdin. */
export interface Stage {
  readonly previousResult?: JsonObject | undefined;
  /** All that the runtime offers; a plugin is given what it declares. */
  readonly capabilityArguments?: JsonObject;
  /** Keys of the `cni.dev/` namespace, for GC. */
  readonly extra?: JsonObject;
}

/** What goes to a plugin's stdin: its own document with the runtime's keys put in. */
export function pluginInput(
  network: Pick<NetworkConfiguration, 'name' | 'specVersion'>,
  plugin: PluginConfiguration,
  stage: Stage,
): JsonObject {
  const { capabilities: _, prevResult: __, runtimeConfig: ___, ...own } = plugin.document;
  const offered = stage.capabilityArguments ?? {};
  const runtimeConfig = Object.fromEntries(
    plugin.capabilities.filter((name) => name in offered).map((name) => [name, offered[name]]),
  );
  return {
    ...own,
    name: network.name,
    cniVersion: network.specVersion,
    ...(Object.keys(runtimeConfig).length > 0 && { runtimeConfig }),
    ...(isObject(stage.previousResult) && { prevResult: stage.previousResult }),
    ...stage.extra,
  };
}
