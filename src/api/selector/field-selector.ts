import { DomainError } from '../../base/error.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** `status.phase=Running,spec.nodeName!=n1`; `\` escapes `\`, `,` and `=`. Throws `invalid`. */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map(parseTerm);
}

function splitTerms(text: string): string[] {
  const terms: string[] = [''];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (letter === '\\') terms.push(`${terms.pop() ?? ''}\\${text[++at] ?? ''}`);
    else if (letter === ',') terms.push('');
    else terms.push(`${terms.pop() ?? ''}${letter}`);
  }
  return terms;
}

function parseTerm(term: string): FieldRequirement {
  const match = /^([^=!\\]+)(!=|==|=)((?:[^=\\]|\\.)*)$/s.exec(term);
  const [, field = '', operator = '', value = ''] = match ?? [];
  if (match === null || field.trim() === '') {
    throw new DomainError('invalid', `invalid selector: '${term}'; can't understand '${term}'`);
  }
  return { field: field.trim(), equal: operator !== '!=', value: unescape(value.trim()) };
}

function unescape(value: string): string {
  if (/\\[^\\,=]/.test(value)) {
    throw new DomainError(
      'invalid',
      `invalid field selector: invalid escape sequence in "${value}"`,
    );
  }
  return value.replace(/\\([\\,=])/g, '$1');
}

/** Whether an object with these values is selected; a field that is not there counts as empty. */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  valueOf: (field: string) => string,
): boolean {
  return requirements.every(({ field, equal, value }) => (valueOf(field) === value) === equal);
}
