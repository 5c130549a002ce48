import type { ApiObject } from '../../api/client/resources.ts';
import type { Informer } from '../../api/client/informer.ts';
import { resources } from '../../api/client/resources.ts';
import type { Cluster } from '../cluster.ts';
import { customResources } from '../custom-resources.ts';
import type { AnyObject } from '../stored.ts';

interface Listener {
  added(informer: Informer<ApiObject>): void;
  removed(informer: Informer<ApiObject>): void;
}

/** Owners of kinds that are no longer served are remembered for those that belonged to them. */
const mostGone = 10_000;

/** A cache of each kind that a definition has made, for as long as there is the definition. */
export class CustomInformers {
  readonly #cluster: Cluster;
  readonly #keep: (object: AnyObject) => AnyObject;
  readonly #definitions: Informer<ApiObject>;
  readonly #known = new Map<string, Informer<ApiObject>>();
  readonly #gone = new Set<string>();

  constructor(cluster: Cluster, keep: (object: AnyObject) => AnyObject) {
    this.#cluster = cluster;
    this.#keep = keep;
    this.#definitions = cluster.informer(resources.customResourceDefinitions);
  }

  follow(listener: Listener): void {
    this.#definitions.onChange((now, before) => {
      const name = (now ?? before)?.metadata.name ?? '';
      const known = this.#known.get(name);
      const [resource] = now === undefined ? [] : customResources([now]);
      const isSame = now?.metadata.uid === before?.metadata.uid || before === undefined;
      if (known !== undefined && (resource === undefined || !isSame)) this.#drop(name, listener);
      if (resource === undefined || this.#known.has(name)) return;
      const informer = this.#cluster.informer(resource, {}, this.#keep);
      this.#known.set(name, informer);
      informer.onChange((object, last) => {
        if (object === undefined && last !== undefined) this.#remember(last);
      });
      listener.added(informer);
    });
  }

  /** The cache of a kind, whatever its version. */
  find(apiVersion: string, name: string): Informer<ApiObject> | undefined {
    const group = apiVersion.slice(0, Math.max(apiVersion.indexOf('/'), 0));
    return [...this.#known.values()].find(
      ({ resource: { kind } }) => kind.group === group && kind.kind === name,
    );
  }

  /** Whether this was an object of a kind that went with all of its objects. */
  isGone(uid: string): boolean {
    return this.#gone.has(uid);
  }

  #drop(name: string, listener: Listener): void {
    const informer = this.#known.get(name);
    if (informer === undefined) return;
    this.#known.delete(name);
    listener.removed(informer);
    // Its objects are told to be gone, first of all to what is remembered here.
    this.#cluster.informers.drop(informer.resource);
  }

  #remember({ metadata }: AnyObject): void {
    this.#gone.add(metadata.uid);
    const [oldest] = this.#gone;
    if (this.#gone.size > mostGone && oldest !== undefined) this.#gone.delete(oldest);
  }
}
