const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** An age as kubectl has it: two units at most, and fewer the longer it is. */
export function formatDuration(ms: number): string {
  const whole = Math.floor(ms / second) * second;
  if (whole < -second) return '<invalid>';
  if (whole < 0) return '0s';
  if (whole < 2 * minute) return `${whole / second}s`;
  if (whole < 10 * minute) return two(whole, minutes);
  if (whole < 3 * hour) return `${Math.floor(whole / minute)}m`;
  if (whole < 8 * hour) return two(whole, hours);
  if (whole < 2 * day) return `${Math.floor(whole / hour)}h`;
  if (whole < 8 * day) return two(whole, days);
  if (whole < 2 * year) return `${Math.floor(whole / day)}d`;
  if (whole < 8 * year) return two(whole, years);
  return `${Math.floor(whole / year)}y`;
}

interface Units {
  readonly unit: number;
  readonly letter: string;
  readonly smaller: number;
  readonly smallerLetter: string;
}

const minutes: Units = { unit: minute, letter: 'm', smaller: second, smallerLetter: 's' };
const hours: Units = { unit: hour, letter: 'h', smaller: minute, smallerLetter: 'm' };
const days: Units = { unit: day, letter: 'd', smaller: hour, smallerLetter: 'h' };
const years: Units = { unit: year, letter: 'y', smaller: day, smallerLetter: 'd' };

function two(ms: number, { unit, letter, smaller, smallerLetter }: Units): string {
  const left = Math.floor((ms % unit) / smaller);
  return `${Math.floor(ms / unit)}${letter}${left === 0 ? '' : `${left}${smallerLetter}`}`;
}
