import { DomainError } from '../../base/error.ts';
import { copyFilesIn, copyFilesOut } from '../../image/copy/copy-files.ts';
import type { RootSource } from '../../image/copy/container-root.ts';
import { statusOfContainer } from './container-life.ts';
import type { ContainerRecord } from './container-record.ts';
import { specOf } from './cri-containers.ts';
import type { Containers, CopyInput } from '../generated/keelson.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Node } from '../node.ts';

/** Files out of containers and into them, running or not, without a program of theirs. */
export function copyCalls(node: Node): Handlers<typeof Containers> {
  return {
    CopyOut: async function* ({ container, path, follow_link, owner }, { signal }) {
      const record = node.containers.find(container);
      const request = { path, followLink: follow_link, ...(owner === undefined ? {} : { owner }) };
      using _held = await holdStill(node, record);
      for await (const item of copyFilesOut(sourceOf(node, record), request, signal)) {
        if (item instanceof Uint8Array) yield { data: Buffer.from(item) };
        else yield { kind: { name: item.name, is_folder: item.isFolder } };
      }
    },
    CopyIn: async function* (inputs, { signal }) {
      const rest = inputs[Symbol.asyncIterator]();
      const { value, done } = await rest.next();
      const request = done === true ? undefined : value.request;
      if (request === undefined) throw new DomainError('invalid', 'Copying begins with a place');
      const record = node.containers.find(request.container);
      const { path, name, is_folder: isFolder } = request;
      const owner = request.as_root ? { owner: rootOf(node, record) } : {};
      const archive = dataOf(rest);
      using _held = await holdStill(node, record);
      const target = { path, name, isFolder, archive, ...owner };
      await copyFilesIn(sourceOf(node, record), target, signal);
      yield { id: record.id, name: record.name };
    },
  };
}

/** One that is started meanwhile would have its folders in two mounts at once. */
async function holdStill(node: Node, record: ContainerRecord): Promise<Disposable | undefined> {
  if (isRunning(node, record)) return undefined;
  const { id } = record;
  const [held, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  void node.locks.run(id, () => {
    held.resolve();
    return over.promise;
  });
  await held.promise;
  return { [Symbol.dispose]: () => over.resolve() };
}

/** Left early, it does not wait for the end of the requests: the client awaits the answer first. */
async function* dataOf(inputs: AsyncIterator<CopyInput>): AsyncGenerator<Uint8Array> {
  for (let item = await inputs.next(); item.done !== true; item = await inputs.next()) {
    yield item.value.data;
  }
}

/** The view of its first process; without one, its snapshot and what is mounted over it. */
function sourceOf(node: Node, record: ContainerRecord): RootSource {
  if (isRunning(node, record)) return { pid: statusOfContainer(node, record).pid };
  const snapshot = node.images.findSnapshot(record.id);
  if (snapshot === undefined) {
    throw new DomainError('conflict', `The files of container "${record.name}" are gone`);
  }
  const spec = specOf(node, record);
  const mounts = (spec?.mounts ?? []).flatMap(({ type, source = '', destination, options = [] }) =>
    type === 'bind' ? [{ source, destination, readonly: options.includes('ro') }] : [],
  );
  return { snapshot, readonly: spec?.root?.readonly === true, mounts };
}

function isRunning(node: Node, record: ContainerRecord): boolean {
  return ['running', 'paused'].includes(statusOfContainer(node, record).state);
}

/** The host's number of the container's root. */
function rootOf(node: Node, record: ContainerRecord): { uid: number; gid: number } {
  const { uidMappings = [], gidMappings = [] } = specOf(node, record)?.linux ?? {};
  return { uid: uidMappings[0]?.hostID ?? 0, gid: gidMappings[0]?.hostID ?? 0 };
}
