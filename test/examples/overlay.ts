/**
 * Two read-only layers and a writable one, mounted as an overlay by the calls that check each
 * option. Nothing is visible anywhere until moveMount.
 *
 *     $ sudo node test/examples/overlay.ts
 *     all of it: base, both, top
 *     both comes from: top
 *     written to the upper folder alone: new
 *     a wrong option: fsconfig lowedir: EINVAL (e overlay: Unknown parameter 'lowedir')
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import {
  FileSystemContext,
  MountAttribute,
  UnmountFlag,
  currentFolder,
  isKernelError,
  moveMount,
  setPropagation,
  unmount,
} from '../../src/index.ts';

const folder = mkdtempSync('/tmp/keelson-example-');
using memory = FileSystemContext.open('tmpfs').setString('size', '1m').create().mount();
moveMount({ at: memory.fd, path: '' }, { at: currentFolder, path: folder });
setPropagation(folder, 'private');
try {
  for (const name of ['base', 'top', 'upper', 'work', 'all']) mkdirSync(`${folder}/${name}`);
  writeFileSync(`${folder}/base/base`, 'base');
  writeFileSync(`${folder}/base/both`, 'base');
  writeFileSync(`${folder}/top/both`, 'top');
  writeFileSync(`${folder}/top/top`, 'top');

  using context = FileSystemContext.open('overlay');
  context.setString('lowerdir', `${folder}/top:${folder}/base`);
  context.setString('upperdir', `${folder}/upper`).setString('workdir', `${folder}/work`);
  using overlay = context.create().mount(MountAttribute.noSuid | MountAttribute.noDev);
  moveMount({ at: overlay.fd, path: '' }, { at: currentFolder, path: `${folder}/all` });

  console.log(`all of it: ${readdirSync(`${folder}/all`).join(', ')}`);
  console.log(`both comes from: ${readFileSync(`${folder}/all/both`, 'utf8')}`);
  writeFileSync(`${folder}/all/new`, '');
  console.log(`written to the upper folder alone: ${readdirSync(`${folder}/upper`).join(', ')}`);

  using wrong = FileSystemContext.open('overlay');
  try {
    wrong.setString('lowedir', folder);
  } catch (error) {
    if (isKernelError(error)) console.log(`a wrong option: ${error.message}`);
  }
} finally {
  unmount(folder, UnmountFlag.detach);
  rmSync(folder, { recursive: true });
}
