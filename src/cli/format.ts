/** `1.23MB`: decimal units, three digits, as Docker shows sizes. */
export function formatSize(bytes: number): string {
  return scaled(bytes, { base: 1000, units: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], digits: 3 });
}

/** `1.23MiB`: binary units, four digits, as Docker shows memory. */
export function formatMemory(bytes: number): string {
  return scaled(bytes, { base: 1024, units: ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], digits: 4 });
}

function scaled(
  bytes: number,
  { base, units, digits }: { base: number; units: readonly string[]; digits: number },
): string {
  let value = bytes;
  let step = 0;
  while (value >= base && step < units.length - 1) {
    value /= base;
    step += 1;
  }
  return `${Number(value.toPrecision(digits))}${units[step] ?? ''}`;
}

/** `3 minutes`, `About an hour`, `2 days`: the words that Docker has for a span of time. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

export function formatAge(nanoseconds: number, nowMs: number): string {
  return nanoseconds === 0 ? 'N/A' : `${formatSpan(nowMs - nanoseconds / 1e6)} ago`;
}

/** The twelve digits that people copy. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** Cut to a width, with an ellipsis in place of the last character. */
export function ellipsis(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** Without control characters: names and commands come from elsewhere, terminals obey them. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}
