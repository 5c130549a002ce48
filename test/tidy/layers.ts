/** Who may import whom; ARCHITECTURE.md holds the same table for people. */
const layers: Record<string, readonly string[]> = {
  base: [],
  kernel: ['base'],
  netlink: ['base', 'kernel'],
  cgroup: ['base', 'kernel'],
  image: ['base', 'kernel'],
  cni: ['base'],
  'cni-plugins': ['base', 'kernel', 'netlink', 'cni'],
  stream: ['base'],
  grpc: ['base', 'stream'],
  container: ['base', 'kernel', 'netlink', 'cgroup', 'image'],
  oci: ['base', 'kernel', 'cgroup', 'container'],
  sandbox: ['base', 'kernel', 'netlink', 'cni', 'container'],
  cri: ['base', 'stream', 'grpc', 'container', 'sandbox', 'image', 'cgroup'],
  network: ['base', 'kernel', 'netlink', 'cni', 'api'],
  api: ['base'],
  store: ['base', 'api'],
  scheduler: ['base', 'api'],
  controller: ['base', 'api'],
  apiserver: ['base', 'api', 'store', 'stream'],
  kubelet: ['base', 'kernel', 'cgroup', 'api', 'stream', 'grpc'],
};

/** The kubelet sees of the CRI its generated types alone. */
const exceptions: readonly (readonly [from: string, to: RegExp])[] = [
  ['kubelet', /^src\/cri\/generated\//],
];

export function importsAllowed(from: string, to: string): boolean {
  const source = layerOf(from);
  const target = layerOf(to);
  if (source === target || source === 'index') return true;
  if (source === 'cli') return true;
  if (exceptions.some(([layer, path]) => layer === source && path.test(to))) return true;
  return layers[source]?.includes(target) ?? false;
}

function layerOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] === 'cni-plugins') return 'cni-plugins';
  return parts.length === 2 ? 'index' : (parts[1] ?? '');
}
