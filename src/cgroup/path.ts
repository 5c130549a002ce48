import { DomainError } from '../base/error.ts';

/**
 * The components of a cgroup's path below the hierarchy: `/a/b` and `a/b` are `['a', 'b']`, the
 * hierarchy's own cgroup is `[]`. Throws DomainError `invalid` for what could name anything but one
 * cgroup below the hierarchy.
 */
export function componentsOf(path: string): string[] {
  const components = path.split('/').filter((component) => component !== '');
  for (const component of components) checkComponent(path, component);
  return components;
}

/** A cgroup's path with one leading slash and no doubled ones. */
export function normalPath(path: string): string {
  return `/${componentsOf(path).join('/')}`;
}

function checkComponent(path: string, component: string): void {
  if (component === '.' || component === '..') refuse(path, `has the component "${component}"`);
  if (Buffer.byteLength(component) > 255) refuse(path, 'has a component of more than 255 bytes');
  // cgroup_mkdir refuses a line feed with a bare EINVAL; a NUL would end the name early.
  if (/[\n\0]/.test(component)) refuse(path, 'has a line feed or a NUL character');
}

function refuse(path: string, why: string): never {
  throw new DomainError('invalid', `Cgroup path ${JSON.stringify(path)} ${why}`);
}

/**
 * The path of a systemd slice: each dash is a level, so `a-b-c.slice` lies at
 * `/a.slice/a-b.slice/a-b-c.slice`, and `-.slice` is the hierarchy's own cgroup.
 */
export function slicePath(slice: string): string {
  if (slice === '-.slice' || slice === '') return '/';
  const stem = slice.slice(0, -'.slice'.length);
  const parts = stem.split('-');
  if (!slice.endsWith('.slice') || slice.includes('/') || parts.includes('')) {
    throw new DomainError('invalid', `"${slice}" is not the name of a systemd slice`);
  }
  const levels = parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`);
  return normalPath(levels.join('/'));
}

/**
 * An OCI `cgroupsPath` as a path below the hierarchy. systemd's notation `SLICE:PREFIX:NAME` is
 * `SLICE's path/PREFIX-NAME.scope` (a NAME that ends in `.slice` stands for itself, as in runc);
 * any other is taken as it is.
 */
export function expandCgroupsPath(cgroupsPath: string): string {
  const [slice = '', prefix = '', name, ...rest] = cgroupsPath.split(':');
  if (name === undefined || cgroupsPath.includes('/')) return normalPath(cgroupsPath);
  if (rest.length > 0 || name === '') {
    throw new DomainError('invalid', `"${cgroupsPath}" is not SLICE:PREFIX:NAME`);
  }
  const parent = slicePath(slice === '' ? 'system.slice' : slice);
  const unit = name.endsWith('.slice')
    ? name
    : `${prefix === '' ? name : `${prefix}-${name}`}.scope`;
  return normalPath(`${parent}/${unit}`);
}

/**
 * A pod's `cgroup_parent` as the kubelet sends it: the systemd driver's last component
 * (`kubepods-burstable-pod1.slice`) is expanded, the cgroupfs driver's path
 * (`/kubepods/burstable/pod1`) and one that is written out in full are taken as they are.
 */
export function expandCgroupParent(parent: string): string {
  const name = parent.startsWith('/') ? parent.slice(1) : parent;
  if (name.includes('/') || !name.endsWith('.slice')) return normalPath(parent);
  return slicePath(name);
}
