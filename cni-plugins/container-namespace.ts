import { hasCode, isDomainError, messageOf } from '../src/base/error.ts';
import { CniCode, CniError } from '../src/cni/cni-error.ts';
import type { PluginRequest } from '../src/cni/plugin.ts';
import { type Namespace, openNamespace } from '../src/kernel/namespace.ts';
import { type Connection, open } from '../src/netlink/connection.ts';

type PlaceOfNamespace = Pick<PluginRequest, 'netns' | 'netnsFd'>;

/** A container's network namespace with a connection to it. The process itself never enters it. */
export class ContainerNamespace implements Disposable {
  readonly path: string;
  readonly namespace: Namespace;
  readonly connection: Connection;

  private constructor(path: string, namespace: Namespace, connection: Connection) {
    this.path = path;
    this.namespace = namespace;
    this.connection = connection;
  }

  /**
   * Opens CNI_NETNS, and makes sure that it is a network namespace: only then is anything done
   * with what the path leads to. Throws CniError 4.
   */
  static async open(place: PlaceOfNamespace): Promise<ContainerNamespace> {
    const found = await ContainerNamespace.#open(place);
    if (found instanceof ContainerNamespace) return found;
    throw new CniError(
      CniCode.invalidEnvironment,
      `failed to open netns "${place.netns}"`,
      messageOf(found),
    );
  }

  /** For DEL: undefined when there is none any more, or the path leads to something else. */
  static async find(place: PlaceOfNamespace): Promise<ContainerNamespace | undefined> {
    if (place.netns === '' && place.netnsFd === undefined) return undefined;
    const found = await ContainerNamespace.#open(place);
    return found instanceof ContainerNamespace ? found : undefined;
  }

  get fd(): number {
    return this.namespace.fd;
  }

  [Symbol.dispose](): void {
    this.connection.close();
    this.namespace.close();
  }

  /** What cannot be a namespace is returned as the reason; other failures are thrown. */
  static async #open(place: PlaceOfNamespace): Promise<ContainerNamespace | Error> {
    const { netns: path, netnsFd } = place;
    let namespace: Namespace;
    try {
      // The caller keeps its descriptor; this one is opened, and checked, by that.
      namespace = openNamespace(netnsFd === undefined ? path : `/proc/self/fd/${netnsFd}`, 'net');
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (isDomainError(error, 'invalid') || hasCode(error, ...notThere)) return error;
      throw error;
    }
    try {
      return new ContainerNamespace(path, namespace, await open({ namespace: namespace.fd }));
    } catch (error) {
      namespace.close();
      throw error;
    }
  }
}

/** What a path says that leads to no file, or to none that may be one. */
const notThere = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EINVAL', 'ESRCH', 'ENXIO'];
