import type { Ingress } from './types/generated/networking-v1.ts';
import { ingressLimits } from '../base/ingress-limits.ts';

/** What annotations say of an Ingress' requests; they are ingress-nginx's, where it has them. */
export interface IngressSettings {
  /** Plain requests to hosts with a certificate are sent to `https`. */
  readonly redirectsToTls: boolean;
  /** The longest body of a request; 0 for any. */
  readonly bodyBytes: number;
  /** How long a backend may be silent. */
  readonly answerMs: number;
}

const prefix = 'nginx.ingress.kubernetes.io/';
const known = ['ssl-redirect', 'force-ssl-redirect', 'proxy-body-size', 'proxy-read-timeout'];
const factors: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** What is no number as nginx writes them counts as not there. */
export function ingressSettings({ metadata }: Pick<Ingress, 'metadata'>): IngressSettings {
  const { annotations = {} } = metadata;
  const size = /^(\d{1,12})([kmg]?)$/i.exec(annotations[`${prefix}proxy-body-size`] ?? '');
  const seconds = Number(annotations[`${prefix}proxy-read-timeout`] ?? '');
  return {
    redirectsToTls: annotations[`${prefix}ssl-redirect`] !== 'false',
    bodyBytes: size === null ? 0 : Number(size[1]) * (factors[size[2]?.toLowerCase() ?? ''] ?? 1),
    answerMs:
      Number.isInteger(seconds) && seconds > 0 && seconds <= 86_400
        ? seconds * 1000
        : ingressLimits.answerMs,
  };
}

/** Annotations that ask for something of another controller, which nobody does here. */
export function foreignAnnotations({ metadata }: Pick<Ingress, 'metadata'>): string[] {
  return Object.keys(metadata.annotations ?? {}).filter(
    (name) => name.startsWith(prefix) && !known.includes(name.slice(prefix.length)),
  );
}
