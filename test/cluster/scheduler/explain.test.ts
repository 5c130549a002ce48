import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import t from 'tap';
import { HttpClient } from '../../../src/api/client/http-client.ts';
import { readKubeconfig } from '../../../src/api/client/kubeconfig.ts';
import { resources } from '../../../src/api/client/resources.ts';
import { CoordinatorProcess } from '../security/coordinator-process.ts';

const run = promisify(execFile);
const program = new URL('../../../bin/keelson', import.meta.url).pathname;
const boundMs = 60_000;

t.test('explain prints why a pod is where it is, or nowhere', async (t) => {
  await using coordinator = await CoordinatorProcess.start();
  const { kubeconfig } = coordinator;
  await using client = new HttpClient(await readKubeconfig(kubeconfig), 'test');
  for (const [name, cpu] of Object.entries({ host01: '4', host02: '2' })) {
    const status = { allocatable: { cpu, memory: '8Gi', pods: '10' } };
    await client.create(resources.nodes, { metadata: { name }, spec: {}, status });
  }
  const explain = async (...args: string[]) => {
    const flags = ['explain', 'pod', ...args, '--kubeconfig', kubeconfig];
    return (await run(program, flags)).stdout;
  };
  const addPod = (name: string, cpu: string) => {
    const resourcesOf = { requests: { cpu } };
    const containers = [{ name: 'main', image: 'web', resources: resourcesOf }];
    const metadata = { name, namespace: 'default' };
    const pod = { metadata, spec: { containers, automountServiceAccountToken: false } };
    return poll(() => client.create(resources.pods, pod));
  };
  await addPod('web', '500m');
  const placed = await poll(() => explain('web'));
  t.match(placed, /^Pod: +default\/web\n/);
  t.match(placed, /\nOutcome: +assigned to host0[12]\n/);
  t.match(placed, /\nNodes: +2 known, 2 looked at, 2 feasible\n/);
  t.match(placed, /\nNODE +TOTAL +TaintToleration x3 +NodeResourcesFit x1/);
  t.match(placed, /\nhost01 +\d+ +100 /);

  await addPod('huge', '100');
  const refused = await poll(() => explain('huge'));
  t.match(refused, /\nOutcome: +no node found\n/);
  t.match(refused, /\nRuled out: +2 by NodeResourcesFit\n/);
  t.match(refused, /\nMessage: +0\/2 nodes are available: 2 Insufficient cpu\. preemption: 0\/2 /);
  const document = JSON.parse(await explain('huge', '-o', 'json')) as { pod: string };
  t.equal(document.pod, 'default/huge');

  const absent = /The scheduler remembers no decision about pod "absent" in namespace "default"/;
  await t.rejects(explain('absent'), absent);
  const slashed = await run(program, ['explain', 'pod/huge', '--kubeconfig', kubeconfig]);
  t.match(slashed.stdout, /^Pod: +default\/huge\n/);
  const others = run(program, ['explain', 'node', 'host01', '--kubeconfig', kubeconfig]);
  await t.rejects(others, /Cannot explain a node: only pods are decided on/);
});

t.test('what was decided is told after a kill -9, too', async (t) => {
  await using coordinator = await CoordinatorProcess.start();
  const make = async (path: string, object: object) => {
    const { status, text } = await coordinator.asAdmin(`POST ${path}`, JSON.stringify(object));
    if (status !== 201) throw new Error(text);
  };
  const status = { allocatable: { cpu: '4', memory: '8Gi', pods: '10' } };
  await make('/api/v1/nodes', { metadata: { name: 'host01' }, spec: {}, status });
  const spec = { containers: [{ name: 'main', image: 'web' }] };
  await poll(() => make('/api/v1/namespaces/default/pods', { metadata: { name: 'web' }, spec }));
  // Half a second after the decision it is in the store.
  await poll(async () => {
    using database = new DatabaseSync(join(coordinator.folder, 'root/store.db'), {
      readOnly: true,
    });
    const found = database
      .prepare("SELECT 1 FROM live WHERE key LIKE '/keelson/decisions/%'")
      .get();
    if (found === undefined) throw new Error('not kept yet');
  });
  await coordinator.stop('SIGKILL');
  await using again = await CoordinatorProcess.start([], coordinator.folder);
  const flags = ['explain', 'pod', 'web', '--kubeconfig', again.kubeconfig];
  t.match((await run(program, flags)).stdout, /\nOutcome: +assigned to host01/);
});

/** The cluster's own loops may not be as far yet: until it works, or fails for good. */
async function poll<T>(attempt: () => Promise<T>): Promise<T> {
  const end = Date.now() + boundMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
