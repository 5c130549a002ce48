import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileType, readlinkat } from '../../../../src/kernel/file.ts';
import { listNames } from '../../../../src/kernel/folder.ts';
import { currentFolder, openat2, OpenFlag } from '../../../../src/kernel/open.ts';
import { statx } from '../../../../src/kernel/stat.ts';
import { getXattr, listXattrs } from '../../../../src/kernel/xattr.ts';

/** All that a layer can carry of a tree, one line an entry, hard links by their first name. */
export function describeTree(root: string): string[] {
  const lines: string[] = [];
  const links = new Map<bigint, string>();
  visit(Buffer.from(root), '.');
  return lines;

  function visit(path: Buffer, name: string): void {
    const status = statx(currentFolder, path);
    const type = status.mode & FileType.mask;
    const first = links.get(status.inode);
    if (status.links > 1 && type !== FileType.folder) links.set(status.inode, first ?? name);
    const { seconds, nanoseconds } = status.modified;
    const content =
      type === FileType.regular
        ? createHash('sha1').update(readFileSync(path)).digest('hex').slice(0, 12)
        : type === FileType.symbolicLink
          ? readLink(path)
          : '';
    const { major, minor } = status.represents;
    lines.push(
      [
        name,
        status.mode.toString(8),
        `${status.uid}:${status.gid}`,
        type === FileType.folder ? '' : status.sizeBytes,
        `${seconds}.${nanoseconds}`,
        `${major}:${minor}`,
        content,
        first === undefined ? '' : `=${first}`,
        ...xattrsOf(path),
      ].join(' '),
    );
    if (type !== FileType.folder) return;
    using folder = openat2(currentFolder, path, { flags: OpenFlag.directory });
    for (const child of listNames(folder.fd)) {
      visit(
        Buffer.concat([path, Buffer.from('/'), Buffer.from(child, 'latin1')]),
        join(name, child),
      );
    }
  }
}

function xattrsOf(path: Buffer): string[] {
  return listXattrs(path)
    .toSorted()
    .map((name) => `${name}=${getXattr(path, name)?.toString('hex') ?? ''}`);
}

function readLink(path: Buffer): string {
  return readlinkat(currentFolder, path).toString('latin1');
}
