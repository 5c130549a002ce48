import { maximumBackends } from './choose-endpoints.ts';

/**
 * How a connection's endpoint is chosen: among how many, whether its client keeps it, and for whom.
 * There are few of them, whatever the number of Services, and each has one small chain: a random
 * number below a constant is all that the kernel gives.
 */
export interface ServiceClass {
  readonly count: number;
  readonly affinitySeconds: number;
  readonly inside: boolean;
}

const countBits = 12;
const affinityBits = 17;

/** A number below 2^30. */
export function classNumber({ count, affinitySeconds, inside }: ServiceClass): number {
  if (count > maximumBackends) throw new TypeError(`${count} endpoints are too many for a class`);
  return (Number(inside) << (countBits + affinityBits)) | (affinitySeconds << countBits) | count;
}

export function classOf(number: number): ServiceClass {
  return {
    count: number & (2 ** countBits - 1),
    affinitySeconds: (number >> countBits) & (2 ** affinityBits - 1),
    inside: number >> (countBits + affinityBits) === 1,
  };
}

/** `pick4-3`, `keep4-3-10800`, `pick4-3-inside`. */
export function chainOfClass(family: 4 | 6, number: number): string {
  const { count, affinitySeconds, inside } = classOf(number);
  const verb = affinitySeconds > 0 ? 'keep' : 'pick';
  const time = affinitySeconds > 0 ? `-${affinitySeconds}` : '';
  return `${verb}${family}-${count}${time}${inside ? '-inside' : ''}`;
}
