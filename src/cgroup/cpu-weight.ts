/**
 * `cpu.weight` (1 to 10000) for cgroup v1's `cpu.shares` (2 to 262144), by the quadratic function
 * that runc 1.3.2 and crun 1.23 use: it takes 2 to 1, the default 1024 to the default 100, and
 * 262144 to 10000. (The linear one of earlier versions took 1024 to 39, so that a container of one
 * CPU weighed less than an unlimited process beside it.) Undefined for 0, which means "not set".
 */
export function weightOfShares(shares: number): number | undefined {
  if (shares <= 0) return undefined;
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const logarithm = Math.log2(shares);
  const exponent = (logarithm * logarithm + 125 * logarithm) / 612 - 7 / 34;
  return Math.ceil(10 ** exponent);
}
