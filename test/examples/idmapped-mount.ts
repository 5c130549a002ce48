/**
 * A folder shown a second time, with the owners that a user namespace gives them: what a volume
 * of a pod with a user namespace is.
 *
 *     $ sudo node test/examples/idmapped-mount.ts
 *     on disk the file belongs to 0
 *     seen through the mount it belongs to 100000
 *     and the mount cannot be written: EROFS
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import {
  FileSystemContext,
  MountAttribute,
  UnmountFlag,
  createNamespaces,
  currentFolder,
  moveMount,
  openTree,
  setMountAttributes,
  setPropagation,
  unmount,
} from '../../src/index.ts';

const range = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
const kinds = { user: undefined };
const { user } = await createNamespaces({ kinds, uidMap: range, gidMap: range });
if (user === undefined) throw new Error('No user namespace was made');

const folder = mkdtempSync('/tmp/keelson-example-');
using memory = FileSystemContext.open('tmpfs').create().mount();
moveMount({ at: memory.fd, path: '' }, { at: currentFolder, path: folder });
setPropagation(folder, 'private');
try {
  mkdirSync(`${folder}/volume`);
  mkdirSync(`${folder}/shown`);
  writeFileSync(`${folder}/volume/file`, '');

  using copy = openTree(currentFolder, `${folder}/volume`, { clone: true });
  setMountAttributes({ at: copy.fd, path: '' }, { idMap: user, set: MountAttribute.readOnly });
  moveMount({ at: copy.fd, path: '' }, { at: currentFolder, path: `${folder}/shown` });

  console.log(`on disk the file belongs to ${statSync(`${folder}/volume/file`).uid}`);
  console.log(`seen through the mount it belongs to ${statSync(`${folder}/shown/file`).uid}`);
  try {
    writeFileSync(`${folder}/shown/other`, '');
  } catch (error) {
    console.log(`and the mount cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
} finally {
  user.close();
  unmount(folder, UnmountFlag.detach);
  rmSync(folder, { recursive: true });
}
