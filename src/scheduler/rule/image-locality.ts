import { mostPoints } from './rule.ts';
import type { NodeScorer, RuleContext } from './rule.ts';

const mebibyte = 1024 * 1024;
const smallest = 23 * mebibyte;
const largestPerContainer = 1000 * mebibyte;

/**
 * The more of the pod's images a node has, in bytes, the better; an image that few nodes have
 * counts less, so that these do not get all the pods.
 */
export function imageLocality({ facts, cluster }: RuleContext): NodeScorer | undefined {
  const { images, nodes } = cluster;
  const largest = largestPerContainer * facts.images.length;
  let bytes = new Float64Array(0);
  let anywhere = false;
  let generations = '';
  return {
    rule: 'ImageLocality',
    weight: 1,
    begin: () => {
      const now = `${images.generation} ${nodes.generation}`;
      if (now === generations) return;
      generations = now;
      bytes = new Float64Array(nodes.extent);
      anywhere = false;
      for (const image of facts.images) {
        const having = images.nodesWith(image);
        anywhere ||= having !== undefined;
        for (const [slot, size] of having ?? []) {
          const spread = (having?.size ?? 0) / nodes.count;
          bytes[slot] = (bytes[slot] ?? 0) + Math.floor(size * spread);
        }
      }
    },
    score: (slots, count, points) => {
      if (!anywhere) return 0;
      for (let at = 0; at < count; at += 1) {
        const sum = bytes[slots[at] as number] as number;
        points[at] = sum <= smallest ? 0 : pointsOf(sum > largest ? largest : sum, largest);
      }
      return undefined;
    },
  };
}

function pointsOf(bytes: number, largest: number): number {
  return Math.floor((mostPoints * (bytes - smallest)) / (largest - smallest));
}
