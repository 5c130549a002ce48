/** One way to authenticate that a server offers (RFC 9110, 11.3). */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

// Longer headers do not come from a registry in good faith.
const maximumHeader = 16 * 1024;

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const parameter = new RegExp(`^(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`);
const schemeName = new RegExp(`^(${token})(?=\\s|,|$)`);

/** Reads `WWW-Authenticate`. What is malformed ends the reading; what came before it counts. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let rest = header.slice(0, maximumHeader).trimStart();
  while (rest !== '') {
    const pair = parameter.exec(rest);
    const scheme = pair === null ? schemeName.exec(rest) : null;
    const current = challenges.at(-1);
    if (pair !== null && current !== undefined) {
      const value = pair[2]?.replace(/\\(.)/g, '$1') ?? pair[3] ?? '';
      current.parameters[(pair[1] ?? '').toLowerCase()] ??= value;
    } else if (scheme !== null) {
      const parameters = Object.create(null) as Record<string, string>;
      challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters });
    } else {
      break;
    }
    const consumed = (pair ?? scheme)?.[0].length ?? rest.length;
    rest = rest.slice(consumed).replace(/^[\s,]+/, '');
  }
  return challenges;
}
