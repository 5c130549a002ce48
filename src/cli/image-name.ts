/** `docker.io/library/busybox` as people write it: `busybox`. */
export function familiarName(repository: string): string {
  return repository.replace(/^docker\.io\//, '').replace(/^library\//, '');
}

/** The tag begins after the last colon that comes after the last slash. */
export function splitName(name: string): { repository: string; tag: string } {
  const colon = name.lastIndexOf(':');
  if (colon < name.lastIndexOf('/') || colon < 0) return { repository: name, tag: 'latest' };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/** True for the same repository, and, where the name has one, the same tag. */
export function matchesName(row: Readonly<Record<string, unknown>>, name: string): boolean {
  const { repository, tag } = splitName(name);
  const hasTag = name !== repository;
  return row['Repository'] === familiarName(repository) && (!hasTag || row['Tag'] === tag);
}
