export interface ProxyName {
  /** `http` or `https`; empty for what the target has by itself. */
  readonly scheme: string;
  readonly name: string;
  /** A number or a name; may be empty. */
  readonly port: string;
}

/** `web`, `web:80`, `https:web:443` */
export function splitProxyName(text: string): ProxyName {
  const parts = text.split(':');
  if (parts.length === 3) {
    const [scheme = '', name = '', port = ''] = parts;
    if (scheme === 'http' || scheme === 'https' || scheme === '') return { scheme, name, port };
  }
  const [name = '', port = ''] = parts;
  return parts.length <= 2 ? { scheme: '', name, port } : { scheme: '', name: text, port: '' };
}
