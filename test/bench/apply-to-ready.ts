import { writeFileSync } from 'node:fs';
import { resources } from '../../src/api/client/resources.ts';
import { shell, waiting } from '../e2e/kubelet/private-node.ts';
import type { Bench } from './bench.ts';
import { BenchNode } from './kubelet/bench-node.ts';

const perRound = 5;

const bench: Bench = {
  question: '`kubectl apply` of a Deployment with one replica until its pod is ready',
  prepare: async () => {
    const bench = await BenchNode.start();
    const ours = { name: 'keelson', run: () => round(bench) };
    return {
      cases: [{ case: '', unit: 'ms', rounds: 4, ours, peers: [] }],
      [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
    };
  },
};

export default bench;

let serial = 0;

async function round(bench: BenchNode): Promise<number[]> {
  const samples: number[] = [];
  while (samples.length < perRound) {
    serial += 1;
    const name = `web${serial}`;
    const path = `${bench.node.folder}/${name}.json`;
    writeFileSync(path, JSON.stringify(deployment(name)));
    const ready = bench.ready(name);
    const start = performance.now();
    await Promise.all([bench.node.kubectl('apply', '-f', path), ready]);
    samples.push(performance.now() - start);
    const place = { namespace: 'default', name };
    await bench.client.delete(resources.deployments, place, { propagationPolicy: 'Background' });
  }
  return samples;
}

function deployment(name: string): object {
  const labels = { app: name };
  const spec = { containers: [shell(waiting)], terminationGracePeriodSeconds: 1 };
  const template = { metadata: { labels }, spec };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
}
