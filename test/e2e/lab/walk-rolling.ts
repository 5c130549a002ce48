/** A Deployment that rolls over while its Service is asked without rest. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { server, service, workload } from './objects.ts';

/**
 * Asks each address by four at a time, a connection each, until the file `stop` is there, and tells
 * what came of it. Makes the file `begun` when each of three pods has answered.
 */
const load = `
import { existsSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
const [begun, stop, ...addresses] = process.argv.slice(2);
const failures = [];
const answers = new Map();
function ask(url) {
  return new Promise((resolve) => {
    const fail = (error) => resolve(failures.push(url + ': ' + error.message));
    const request = get(url, { agent: false, timeout: 60_000 }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part)).on('error', fail);
      answer.on('end', () => {
        const word = answer.statusCode === 200 ? text.trim() : 'status ' + answer.statusCode;
        if (answer.statusCode !== 200) failures.push(url + ': ' + word);
        answers.set(word, (answers.get(word) ?? 0) + 1);
        if (answers.size >= 3 && !existsSync(begun)) writeFileSync(begun, '');
        resolve();
      });
    });
    request.on('error', fail).on('timeout', () => request.destroy(new Error('no answer')));
  });
}
async function worker(url) {
  while (!existsSync(stop)) {
    await ask(url);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
await Promise.all(addresses.flatMap((url) => [1, 2, 3, 4].map(() => worker(url))));
console.log(JSON.stringify({ failures, answers: Object.fromEntries(answers) }));
`;

interface Outcome {
  readonly failures: readonly string[];
  /** By the pod that answered. */
  readonly answers: Readonly<Record<string, number>>;
}

export async function walkRolling(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('a rolling update under load through a Service: no failed request', async (t) => {
    const readinessProbe = { httpGet: { path: '/', port: 80 }, periodSeconds: 1 };
    // As everybody has it: who is told to end serves on until all nodes know.
    const lifecycle = { preStop: { exec: { command: ['sleep', '6'] } } };
    const containers = [server({ readinessProbe, lifecycle })];
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    const template = { terminationGracePeriodSeconds: 30, containers };
    await lab.apply(
      workload('Deployment', 'rolling', { replicas: 3, strategy, template }),
      service('rolling', { type: 'NodePort' }),
    );
    await lab.type('rollout status deployment rolling --timeout=180s');
    const places = 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}/{.spec.ports[0].nodePort}';
    const seen = await lab.type(`get service rolling -o ${places}`);
    const [clusterIp = '', nodePort = ''] = seen.split('/');
    const node = await lab.type('get node host01 -o jsonpath={.status.addresses[0].address}');
    const before = await podNames(lab);
    t.equal(before.length, 3);

    const [script, begun, stop] = ['load.mjs', 'begun', 'stop'].map((name) => {
      return `${lab.folder}/${name}`;
    }) as [string, string, string];
    writeFileSync(script, load);
    const urls = `http://${clusterIp}/ http://${node}:${nodePort}/`;
    const loading = lab.see('host01', `${process.execPath} ${script} ${begun} ${stop} ${urls}`);
    const isBegun = async () => String(existsSync(begun));
    await lab.until('all three answer', isBegun, /true/);
    await lab.type('set env deployment/rolling ROUND=2');
    await lab.type('rollout status deployment rolling --timeout=180s');
    await lab.until(
      'the new pods alone',
      async () => (await podNames(lab)).join(' '),
      (names) => names.split(' ').length === 3 && !before.some((name) => names.includes(name)),
    );
    const after = await podNames(lab);
    writeFileSync(stop, '');
    const { failures, answers } = JSON.parse(await loading) as Outcome;
    t.comment(JSON.stringify(answers));
    t.same(failures, []);
    for (const name of [...before, ...after]) t.ok((answers[name] ?? 0) > 0, `${name} answered`);
    await lab.type('delete deployment/rolling service/rolling --timeout=60s');
  });
}

async function podNames(lab: ClusterLab): Promise<string[]> {
  const names = await lab.type('get pods -l app=rolling -o jsonpath={.items[*].metadata.name}');
  return names.split(' ').filter((name) => name !== '');
}
