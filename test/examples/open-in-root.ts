/**
 * A path of a foreign tree, opened as a program inside that tree would see it. Node's own calls
 * follow its links out.
 *
 *     $ node test/examples/open-in-root.ts
 *     node:fs follows the link to the host: true
 *     openInRoot stays inside: the file of the tree
 *     beneath refuses the link: openat2 etc/passwd: EXDEV
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { ResolveFlag, isKernelError, openFolder, openInRoot, openat2 } from '../../src/index.ts';

const folder = mkdtempSync('/tmp/keelson-example-');
try {
  mkdirSync(`${folder}/etc`);
  mkdirSync(`${folder}/proc`);
  mkdirSync(`${folder}/proc/self`);
  writeFileSync(`${folder}/proc/version`, 'the file of the tree');
  symlinkSync('/proc/version', `${folder}/etc/passwd`);

  const followed = readFileSync(`${folder}/etc/passwd`, 'utf8').startsWith('Linux');
  console.log(`node:fs follows the link to the host: ${followed}`);

  using root = openFolder(folder);
  using file = openInRoot(root.fd, 'etc/passwd');
  console.log(`openInRoot stays inside: ${readFileSync(file.fd, 'utf8')}`);

  try {
    openat2(root.fd, 'etc/passwd', { resolve: ResolveFlag.beneath }).close();
  } catch (error) {
    if (isKernelError(error)) console.log(`beneath refuses the link: ${error.message}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
