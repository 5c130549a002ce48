import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { type Connection, link } from '../../src/netlink/index.ts';
import type { ContainerNamespace } from '../container-namespace.ts';

/** A device of the host, and what it is called in the container. */
export interface DeviceMove {
  readonly host: Connection;
  readonly container: ContainerNamespace;
  readonly name: string;
}

/** The process's own namespace, which is the host's. */
const hostNamespace = '/proc/self/ns/net';

/**
 * Moves a device into the container and gives it its name there, in one step of the kernel: the
 * name never shows on the host, where udev would act on it. Its name on the host is kept as its
 * alias, which is where the reference keeps it too.
 */
export async function moveIn(
  { host, container, name }: DeviceMove,
  device: link.Link,
): Promise<void> {
  await link.set(host, device.index, { alias: device.name });
  try {
    await link.setNamespace(host, device.index, { namespace: container.fd, name });
  } catch (error) {
    // It may have been moved and not renamed, if the name was taken a moment ago.
    const moved = await link.find(container.connection, device.name);
    if (moved?.alias === device.name) await moveOut({ host, container, name: device.name });
    await restoreOnHost(host, device);
    throw error;
  }
}

async function restoreOnHost(host: Connection, { name, up, alias = '' }: link.Link) {
  const found = await link.find(host, name);
  if (found !== undefined) await link.set(host, found.index, { alias, ...(up && { up }) });
}

/**
 * Gives a device back to the host, under its name there, down. Succeeds when there is no interface
 * of that name in the container. Throws CniError when it is not known what it was called.
 */
export async function moveOut({ host, container, name }: DeviceMove): Promise<void> {
  const found = await link.find(container.connection, name);
  if (found === undefined) return;
  const original = found.alias ?? '';
  if (original === '') {
    const text = `failed to find original ifname for "${name}" (alias is not set)`;
    throw new CniError(CniCode.internal, text);
  }
  if ((await link.find(host, original)) !== undefined) {
    const text = `Cannot give "${name}" back to the host, which has another "${original}" by now`;
    throw new CniError(CniCode.internal, text);
  }
  await link.setDown(container.connection, found.index);
  const to = { namespace: hostNamespace, name: original };
  await link.setNamespace(container.connection, found.index, to);
  await link.set(host, original, { alias: '' });
}

/**
 * When a namespace ends, the kernel gives devices of hardware back to the host by themselves, with
 * the name they had inside. This one gets its name back. Succeeds when it has it.
 */
export async function renameLost(host: Connection, original: string): Promise<void> {
  if (original === '' || (await link.find(host, original)) !== undefined) return;
  const lost = (await link.list(host)).find(({ alias }) => alias === original);
  if (lost === undefined) return;
  await link.setDown(host, lost.index);
  await link.rename(host, lost.index, original);
  await link.set(host, lost.index, { alias: '' });
}
