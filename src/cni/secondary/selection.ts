import { DomainError } from '../../base/error.ts';
import { isObject } from '../json.ts';

/** The annotation by which a pod asks for further networks. */
export const networksAnnotation = 'k8s.v1.cni.cncf.io/networks';
/** What it got, written by the node. */
export const networkStatusAnnotation = 'k8s.v1.cni.cncf.io/network-status';

/** One network that a pod asks for besides its own. */
export interface NetworkSelection {
  readonly namespace: string;
  readonly name: string;
  /** `net1` and on unless it says otherwise. */
  readonly interfaceName: string;
  /** Addresses that it wants, with their prefix lengths where it says them. */
  readonly ips: readonly string[];
  /** Empty for any. */
  readonly mac: string;
}

type Asked = Omit<NetworkSelection, 'interfaceName'> & { readonly interfaceName: string };

const mostNetworks = 16;
const mostAddresses = 16;
const longestText = 16 * 1024;
const nameForm = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomainForm = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const interfaceForm = /^[A-Za-z0-9_][-A-Za-z0-9_.]{0,14}$/;
const addressForm = /^[0-9A-Fa-f:.]{2,45}(\/\d{1,3})?$/;
const macForm = /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$/;
const known: ReadonlySet<string> = new Set(['name', 'namespace', 'interface', 'ips', 'mac']);

/**
 * The networks of an annotation: `blue, other/red@net5`, or a list in JSON. Names without a
 * namespace are of the pod's. Throws DomainError `invalid`, and `unsupported` for what of the JSON
 * form cannot be had here.
 */
export function parseSelections(text: string, podNamespace: string): readonly NetworkSelection[] {
  if (text.length > longestText) throw wrong(`is longer than ${longestText} characters`);
  const bare = text.trim();
  if (bare === '') return [];
  const isJson = bare.startsWith('[') || bare.startsWith('{');
  const asked = isJson
    ? parseList(bare, podNamespace)
    : bare.split(',').map((word) => parseWord(word.trim(), podNamespace));
  if (asked.length > mostNetworks) throw wrong(`names more than ${mostNetworks} networks`);
  return withInterfaces(asked);
}

function parseWord(word: string, podNamespace: string): Asked {
  const [, namespace, name = '', interfaceName = ''] =
    /^(?:([^/@]*)\/)?([^/@]*)(?:@([^/@]*))?$/.exec(word) ?? [];
  if (word.includes('@') && interfaceName === '') throw wrong(`has no interface in "${word}"`);
  return checked({ namespace: namespace ?? podNamespace, name, interfaceName, ips: [], mac: '' });
}

function parseList(text: string, podNamespace: string): readonly Asked[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw wrong(`is no JSON: ${String(error)}`);
  }
  if (!Array.isArray(list)) throw wrong('is no list');
  return list.map((entry: unknown) => {
    if (!isObject(entry)) throw wrong('has an entry that is no object');
    const other = Object.keys(entry).find((key) => !known.has(key));
    if (other !== undefined) {
      const words = `Annotation "${networksAnnotation}": "${other}" is not supported`;
      throw new DomainError('unsupported', words);
    }
    const { ips = [] } = entry;
    if (!Array.isArray(ips) || ips.length > mostAddresses) throw wrong('has "ips" of another form');
    return checked({
      namespace: textIn(entry, 'namespace') || podNamespace,
      name: textIn(entry, 'name'),
      interfaceName: textIn(entry, 'interface'),
      ips: ips.map((address: unknown) => (typeof address === 'string' ? address : '')),
      mac: textIn(entry, 'mac'),
    });
  });
}

function textIn(entry: Readonly<Record<string, unknown>>, key: string): string {
  const value = entry[key] ?? '';
  if (typeof value !== 'string') throw wrong(`has "${key}" that is no text`);
  return value;
}

/** All of it becomes names of files and words for plugins. */
function checked(asked: Asked): Asked {
  const { namespace, name, interfaceName, ips, mac } = asked;
  if (!nameForm.test(namespace)) throw wrong(`has "${namespace}", which is no namespace`);
  if (!subdomainForm.test(name)) throw wrong(`has "${name}", which is no name of a network`);
  const isOwn = interfaceName === 'lo' || /^eth\d+$/.test(interfaceName);
  if (interfaceName !== '' && (isOwn || !interfaceForm.test(interfaceName))) {
    throw wrong(`has "${interfaceName}", which is no name for a further interface`);
  }
  const strange = ips.find((address) => !addressForm.test(address));
  if (strange !== undefined) throw wrong(`has "${strange}", which is no address`);
  if (mac !== '' && !macForm.test(mac)) throw wrong(`has "${mac}", which is no link address`);
  return asked;
}

/** Interfaces are numbered by their places in the list, those that have a name of their own too. */
function withInterfaces(asked: readonly Asked[]): readonly NetworkSelection[] {
  const named = asked.map((one, index) => ({
    ...one,
    interfaceName: one.interfaceName === '' ? `net${index + 1}` : one.interfaceName,
  }));
  const seen = new Set<string>();
  for (const { interfaceName } of named) {
    if (seen.has(interfaceName)) throw wrong(`names the interface "${interfaceName}" twice`);
    seen.add(interfaceName);
  }
  return named;
}

function wrong(words: string): DomainError {
  return new DomainError('invalid', `Annotation "${networksAnnotation}" ${words}`);
}
