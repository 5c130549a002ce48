/** What a path asks for. */
export type Route =
  | { readonly kind: 'page'; readonly page: Page }
  | {
      readonly kind: 'log' | 'run' | 'exec' | 'attach' | 'portForward' | 'checkpoint';
      readonly namespace: string;
      readonly pod: string;
      readonly uid: string;
      readonly container: string;
    };

const pages = [
  'pods',
  'runningpods',
  'healthz',
  'configz',
  'stats/summary',
  'metrics',
  'metrics/cadvisor',
  'metrics/resource',
  'metrics/probes',
] as const;

export type Page = (typeof pages)[number];

const containerVerbs = {
  containerLogs: 'log',
  run: 'run',
  exec: 'exec',
  attach: 'attach',
  checkpoint: 'checkpoint',
} as const;

/** Where a uid has no place. */
const byName: readonly Route['kind'][] = ['log', 'checkpoint'];

/** `/exec/NAMESPACE/POD/CONTAINER`, with the pod's uid before the container where it is given. */
export function routeOf(pathname: string): Route | undefined {
  const words = wordsOf(pathname);
  const [verb = '', ...rest] = words ?? [];
  const page = pages.find((known) => known === (words ?? []).join('/'));
  if (page !== undefined) return { kind: 'page', page };
  if (rest.includes('')) return undefined;
  const [namespace = '', pod = ''] = rest;
  if (verb === 'portForward' && (rest.length === 2 || rest.length === 3)) {
    return { kind: 'portForward', namespace, pod, uid: rest[2] ?? '', container: '' };
  }
  const kind = Object.entries(containerVerbs).find(([name]) => name === verb)?.[1];
  if (kind === undefined) return undefined;
  if (rest.length === 3) return { kind, namespace, pod, uid: '', container: rest[2] ?? '' };
  if (rest.length !== 4 || byName.includes(kind)) return undefined;
  return { kind, namespace, pod, uid: rest[2] ?? '', container: rest[3] ?? '' };
}

/** Undefined for what is no path; a slash at the end means nothing. */
function wordsOf(pathname: string): readonly string[] | undefined {
  try {
    return pathname
      .replace(/^\/|\/$/g, '')
      .split('/')
      .map((word) => decodeURIComponent(word));
  } catch {
    return undefined;
  }
}
