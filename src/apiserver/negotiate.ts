/** In which form a client wants an answer. */
export interface Form {
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** `meta.k8s.io/v1`, for tables and parts. */
  readonly apiVersion: string;
}

/** Discovery in one document, where the client knows of it. */
export type DiscoveryForm = 'v2' | 'v2beta1' | 'plain';

interface Accepted {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const plain: Form = { as: 'object', apiVersion: '' };

/**
 * The first form that is asked for and known; undefined when none is: answers are JSON. Clients of
 * protobuf name JSON too.
 */
export function chooseForm(accept: string | undefined): Form | undefined {
  const accepted = readAccept(accept);
  for (const { type, parameters } of accepted) {
    if (!isJson(type)) continue;
    const as = parameters.get('as') ?? '';
    if (as === '') return plain;
    const version = parameters.get('v') ?? '';
    if (parameters.get('g') !== 'meta.k8s.io' || !/^v1(beta1)?$/.test(version)) continue;
    if (as === 'Table' || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      return { as, apiVersion: `meta.k8s.io/${version}` };
    }
  }
  return accepted.length === 0 ? plain : undefined;
}

export function chooseDiscovery(accept: string | undefined): DiscoveryForm {
  for (const { type, parameters } of readAccept(accept)) {
    if (!isJson(type)) continue;
    if (parameters.get('as') !== 'APIGroupDiscoveryList') return 'plain';
    const version = parameters.get('v');
    if (version === 'v2' || version === 'v2beta1') return version;
  }
  return 'plain';
}

function isJson(type: string): boolean {
  return type === 'application/json' || type === '*/*' || type === 'application/*';
}

function readAccept(accept: string | undefined): Accepted[] {
  if (accept === undefined || accept.trim() === '') return [];
  return accept.split(',').map((item) => {
    const [type = '', ...parameters] = item.split(';').map((part) => part.trim());
    return { type: type.toLowerCase(), parameters: new Map(parameters.map(splitParameter)) };
  });
}

function splitParameter(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
