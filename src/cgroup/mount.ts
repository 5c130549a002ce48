/**
 * Mount points of cgroup v2 hierarchies in the text of /proc/self/mountinfo, the usual places
 * first. All of them show the same tree.
 *
 * ```
 * 41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
 * id parent device root mount-point options optional... - type source super-options
 * ```
 */
export function hierarchyMounts(mountinfo: string): string[] {
  const mountPoints = mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const mountPoint = before.split(' ')[4];
    return after.startsWith('cgroup2 ') && mountPoint !== undefined ? [unescape(mountPoint)] : [];
  });
  return [...new Set(mountPoints)].toSorted((a, b) => rank(a) - rank(b));
}

const usual = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

function rank(mountPoint: string): number {
  const index = usual.indexOf(mountPoint);
  return index < 0 ? usual.length : index;
}

/** mountinfo writes blanks, tabs, line feeds and backslashes as three octal digits. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
