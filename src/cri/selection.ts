/** All of the selector's labels, with their values. */
export function matchesLabels(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

/** The CRI's times; zero stays "never". */
export function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.trunc(milliseconds * 1000)) * 1000n;
}
