/** Forms of names; each gives what is wrong in the API's words, nothing when it is right. */
export type NameForm = (name: string) => readonly string[];

const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const serviceNamePattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/** RFC 1123: `web-1`, up to 63. */
export const dnsLabel: NameForm = (name) => [
  ...tooLong(name, 63),
  ...mismatch(
    labelPattern.test(name),
    'a lowercase RFC 1123 label must consist of lower case alphanumeric characters or ' +
      "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or " +
      "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ),
];

/** RFC 1123: `web.example`, up to 253. */
export const dnsSubdomain: NameForm = (name) => [
  ...tooLong(name, 253),
  ...mismatch(
    subdomainPattern.test(name),
    'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, ' +
      "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', " +
      "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?" +
      "(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ),
];

/** RFC 1035: names of services, which do not start with a digit. */
export const dns1035Label: NameForm = (name) => [
  ...tooLong(name, 63),
  ...mismatch(
    serviceNamePattern.test(name),
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an " +
      "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or " +
      "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ),
];

/** What may stand in a path: roles, bindings. */
export const pathSegment: NameForm = (name) => {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%']
    .filter((part) => name.includes(part))
    .map((part) => `may not contain '${part}'`);
};

/** Keys of ConfigMaps and Secrets. */
export const configKey: NameForm = (name) => {
  if (name.length > 253) return ['must be no more than 253 characters'];
  if (name === '.' || name === '..') return [`must not be '${name}'`];
  if (name.startsWith('..')) return ["must not start with '..'"];
  return mismatch(
    /^[-._a-zA-Z0-9]+$/.test(name),
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. " +
      "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  );
};

/** Names of environment variables: any printable text without `=`. */
export const variableName: NameForm = (name) =>
  mismatch(
    /^[ -<>-~]+$/.test(name),
    'a valid environment variable name must consist only of printable ASCII characters other ' +
      "than '='",
  );

/** Names of ports in containers. */
export const portName: NameForm = (name) => [
  ...tooLong(name, 15),
  ...mismatch(
    /^[-a-z0-9]+$/.test(name),
    'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ),
  ...mismatch(/[a-z]/.test(name), 'must contain at least one letter (a-z)'),
  ...mismatch(!name.includes('--'), 'must not contain consecutive hyphens'),
  ...mismatch(!/^-|-$/.test(name), 'must not begin or end with a hyphen'),
];

function tooLong(name: string, most: number): string[] {
  return name.length > most ? [`must be no more than ${most} characters`] : [];
}

function mismatch(right: boolean, words: string): string[] {
  return right ? [] : [words];
}
