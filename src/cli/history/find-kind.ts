import { apiVersionOf, type Kind, resourceOf } from '../../api/kind.ts';
import { kinds } from '../../api/kinds.ts';
import { DomainError } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';

const stored = kinds.filter(
  ({ storedAs, virtual, measured }) => storedAs === undefined && !virtual && !measured,
);

/** The kind that kubectl knows by this word: `deploy`, `Deployment`, `deployments.apps`. */
export function findKindByWord(word: string): Kind {
  const wanted = word.toLowerCase();
  const found = stored.find((kind) => namesOf(kind).includes(wanted));
  if (found !== undefined) return found;
  const guess = nearest(wanted, stored.flatMap(namesOf));
  const hint = guess === undefined ? '' : `: did you mean "${guess}"?`;
  throw new DomainError('invalid', `Unknown kind "${word}"${hint}`);
}

export function isKindWord(word: string): boolean {
  return stored.some((kind) => namesOf(kind).includes(word.toLowerCase()));
}

/** Where an object of it is asked for. */
export function pathOf(kind: Kind, namespace: string, name: string): string {
  const root = kind.group === '' ? '/api/' : '/apis/';
  const inside = kind.namespaced ? ['namespaces', namespace] : [];
  const parts = [...inside, kind.plural, name].map(encodeURIComponent);
  return `${root}${apiVersionOf(kind)}/${parts.join('/')}`;
}

function namesOf(kind: Kind): string[] {
  const { plural, singular, shortNames, kind: name } = kind;
  const full = [plural, singular, `${singular}.${kind.group}`, resourceOf(kind)];
  return [...full, ...shortNames, name.toLowerCase()];
}
