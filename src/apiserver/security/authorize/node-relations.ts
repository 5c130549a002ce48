import { isList, isObject, type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import { nodeOfLocalFolder } from '../../../api/local-folder.ts';
import { referencesOf } from './pod-references.ts';

interface KnownPod {
  readonly node: string;
  readonly references: ReadonlySet<string>;
}

interface KnownVolume {
  readonly claim: string;
  readonly secrets: readonly string[];
  /** The node whose folder it is; undefined for a volume of another kind. */
  readonly node: string | undefined;
}

/** Which objects belong to which node, by the pods that are bound to it. */
export class NodeRelations {
  readonly #pods = new Map<string, KnownPod>();
  /** By node, then by reference: how many pods refer to it. */
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #volumes = new Map<string, KnownVolume>();
  readonly #volumesOfClaim = new Map<string, Set<string>>();
  readonly #attachments = new Map<string, string>();
  /** By Ingress, the Secrets of its certificates; and how many Ingresses name a Secret. */
  readonly #ingresses = new Map<string, readonly string[]>();
  readonly #certificates = new Map<string, number>();

  setPod(key: string, pod: JsonObject | undefined): void {
    const before = this.#pods.get(key);
    const node = pod === undefined ? '' : textOf(objectIn(pod, 'spec')['nodeName']);
    if (before !== undefined) {
      this.#count(before, -1);
      this.#pods.delete(key);
    }
    if (pod === undefined || node === '') return;
    const { namespace, name } = objectIn(pod, 'metadata');
    const references = new Set(referencesOf(pod));
    references.add(`pods/${textOf(namespace)}/${textOf(name)}`);
    const known = { node, references };
    this.#pods.set(key, known);
    this.#count(known, 1);
  }

  setVolume(key: string, volume: JsonObject | undefined): void {
    const name = key.slice(key.lastIndexOf('/') + 1);
    const before = this.#volumes.get(name);
    if (before !== undefined) this.#volumesOfClaim.get(before.claim)?.delete(name);
    this.#volumes.delete(name);
    if (volume === undefined) return;
    const spec = objectIn(volume, 'spec');
    const { namespace, name: claimName } = objectIn(spec, 'claimRef');
    const claim = `persistentvolumeclaims/${textOf(namespace)}/${textOf(claimName)}`;
    const node = nodeOfLocalFolder(volume);
    this.#volumes.set(name, { claim, secrets: secretsOf(spec, textOf(namespace)), node });
    const names = this.#volumesOfClaim.get(claim) ?? new Set();
    this.#volumesOfClaim.set(claim, names.add(name));
  }

  setAttachment(key: string, attachment: JsonObject | undefined): void {
    const name = key.slice(key.lastIndexOf('/') + 1);
    if (attachment === undefined) this.#attachments.delete(name);
    else this.#attachments.set(name, textOf(objectIn(attachment, 'spec')['nodeName']));
  }

  /** Every node serves every Ingress, and shows its certificates. */
  setIngress(key: string, ingress: JsonObject | undefined): void {
    for (const secret of this.#ingresses.get(key) ?? []) this.#countCertificate(secret, -1);
    this.#ingresses.delete(key);
    if (ingress === undefined) return;
    const secrets = certificatesOf(ingress);
    if (secrets.length === 0) return;
    this.#ingresses.set(key, secrets);
    for (const secret of secrets) this.#countCertificate(secret, 1);
  }

  /** Whether a pod of the node needs `secrets/default/token`, its volumes, or an Ingress. */
  isRelated(node: string, reference: string): boolean {
    if (this.#certificates.has(reference)) return true;
    const counts = this.#counts.get(node);
    if (counts === undefined) return false;
    if (counts.has(reference)) return true;
    if (!reference.startsWith('secrets/')) return false;
    for (const claim of counts.keys()) {
      for (const name of this.#volumesOfClaim.get(claim) ?? []) {
        if (this.#volumes.get(name)?.secrets.includes(reference) === true) return true;
      }
    }
    return false;
  }

  /** Whether the volume is a folder of the node, which the node makes and removes. */
  isFolderOf(node: string, name: string): boolean {
    return this.#volumes.get(name)?.node === node;
  }

  isVolumeRelated(node: string, name: string): boolean {
    const claim = this.#volumes.get(name)?.claim;
    return claim !== undefined && this.#counts.get(node)?.has(claim) === true;
  }

  isAttachedTo(node: string, attachment: string): boolean {
    return this.#attachments.get(attachment) === node;
  }

  #countCertificate(secret: string, change: 1 | -1): void {
    const count = (this.#certificates.get(secret) ?? 0) + change;
    if (count > 0) this.#certificates.set(secret, count);
    else this.#certificates.delete(secret);
  }

  #count({ node, references }: KnownPod, change: 1 | -1): void {
    const counts = this.#counts.get(node) ?? new Map<string, number>();
    this.#counts.set(node, counts);
    for (const reference of references) {
      const count = (counts.get(reference) ?? 0) + change;
      if (count > 0) counts.set(reference, count);
      else counts.delete(reference);
    }
    if (counts.size === 0) this.#counts.delete(node);
  }
}

/** `secrets/default/web-tls`, each once. */
function certificatesOf(ingress: JsonObject): string[] {
  const namespace = textOf(objectIn(ingress, 'metadata')['namespace']);
  const entries = objectIn(ingress, 'spec')['tls'];
  const names = (isList(entries) ? entries : []).flatMap((entry) =>
    isObject(entry) && textOf(entry['secretName']) !== '' ? [textOf(entry['secretName'])] : [],
  );
  return [...new Set(names)].map((name) => `secrets/${namespace}/${name}`);
}

/** Secrets that mounting a volume takes. */
function secretsOf(spec: JsonObject, namespace: string): string[] {
  const sources = Object.values(spec).flatMap((source) =>
    typeof source === 'object' && source !== null && !Array.isArray(source)
      ? Object.entries(source as JsonObject)
      : [],
  );
  return sources.flatMap(([field, value]) => {
    if (!/[sS]ecretRef$/.test(field)) return [];
    const reference = value as JsonObject;
    const where = textOf(reference['namespace']) || namespace;
    return [`secrets/${where}/${textOf(reference['name'])}`];
  });
}
