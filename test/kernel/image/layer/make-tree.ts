import { execFileSync } from 'node:child_process';
import {
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fchmodat, mknodat } from '../../../../src/kernel/file.ts';
import { currentFolder } from '../../../../src/kernel/open.ts';
import { setXattr } from '../../../../src/kernel/xattr.ts';

const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** One of each thing that a layer can hold. */
export function makeTree(root: string): void {
  const at = (name: string) => join(root, name);
  mkdirSync(at('folder/deep/deeper'), { recursive: true });
  writeFileSync(at('folder/plain'), 'plain');
  writeFileSync(at('folder/setuid'), 'setuid');
  chownSync(at('folder/setuid'), 1234, 70_000);
  fchmodat(currentFolder, at('folder/setuid'), 0o6751);
  fchmodat(currentFolder, at('folder/deep'), 0o1777);
  linkSync(at('folder/plain'), at('folder/second'));
  symlinkSync('../../outside', at('folder/link'));
  linkSync(at('folder/link'), at('folder/link-again'));
  lutimesSync(at('folder/link'), 100, 200);
  mknodat(currentFolder, at('null'), { mode: 0o020666, major: 1, minor: 3 });
  mknodat(currentFolder, at('disk'), { mode: 0o060660, major: 259, minor: 300_000 });
  mknodat(currentFolder, at('pipe'), { mode: 0o010604 });
  writeFileSync(at('capable'), 'x');
  setXattr(at('capable'), { name: 'security.capability', value: capability });
  setXattr(at('capable'), { name: 'user.note', value: Buffer.from([0, 10, 61]) });
  setXattr(at('folder/deep'), { name: 'user.folder', value: Buffer.from('yes') });
  writeFileSync(Buffer.from(`${root}/no-utf8-\xff\xfe`, 'latin1'), 'bytes');
  writeFileSync(at('ünïcode'), 'text');
  const long = Array.from({ length: 20 }, (_, index) => `${index}-${'n'.repeat(90)}`).join('/');
  mkdirSync(at(long), { recursive: true });
  writeFileSync(at(`${long}/file`), 'deep down');
  symlinkSync('t'.repeat(3000), at('long-link'));
  execFileSync('truncate', ['-s', '5000000', at('sparse')]);
  execFileSync('dd', ['of=' + at('sparse'), 'conv=notrunc', 'seek=5000', 'count=1', 'if=/bin/ls'], {
    stdio: 'ignore',
  });
  writeFileSync(at('empty'), '');
  utimesSync(at('folder/deep'), 1_000_000_000.25, 1_000_000_000.25);
  utimesSync(at('folder'), 5, 5);
}
