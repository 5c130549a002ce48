import { isIPv4, isIPv6 } from 'node:net';

type Form = (text: string) => boolean;

const matches =
  (pattern: RegExp): Form =>
  (text) =>
    pattern.test(text);

/** Formats of texts that are looked at; others say something to people alone. */
const forms: Readonly<Record<string, Form>> = {
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  cidr: (text) => {
    const [address = '', bits = '', ...more] = text.split('/');
    if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
    return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128);
  },
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  'date-time': isTime,
  datetime: isTime,
  duration: matches(
    /^[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)((\d+(\.\d*)?)(ns|us|µs|ms|s|m|h))*$|^0$/,
  ),
  email: (text) => text.length <= 320 && /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hostname: (text) =>
    text.length <= 253 &&
    text.split('.').every((part) => /^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(part)),
  ipv4: (text) => isIPv4(text),
  ipv6: (text) => isIPv6(text),
  mac: matches(/^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/),
  uri: (text) => URL.canParse(text) || text.startsWith('/'),
  uuid: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
};

export function isOfFormat(format: string, text: string): boolean {
  return !Object.hasOwn(forms, format) || forms[format]?.(text) === true;
}

function isTime(text: string): boolean {
  const form = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[-+]\d\d:\d\d)$/;
  return form.test(text) && !Number.isNaN(Date.parse(text));
}
