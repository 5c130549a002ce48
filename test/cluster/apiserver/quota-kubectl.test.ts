import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ScratchServer } from './scratch-server.ts';
import { until } from '../../until.ts';

t.setTimeout(600_000);

const folder = '/api/v1/namespaces/default';
const [kubectl] = findPrograms();

async function usedOf(server: ScratchServer, name: string): Promise<Record<string, string>> {
  const { body } = await server.request(`GET ${folder}/resourcequotas/${name}`);
  return (body['status'] as { used?: Record<string, string> }).used ?? {};
}

t.test('kubectl shows what a namespace allows', async (t) => {
  if (kubectl === undefined) {
    t.pass('no kubectl on this machine');
    return;
  }
  await using server = await ScratchServer.start();
  const run = (...args: string[]) => server.kubectl(kubectl, ...args);
  const hard = 'requests.cpu=800m,pods=10';
  t.equal(
    (await run('create', 'quota', 'dev', `--hard=${hard}`)).stdout,
    'resourcequota/dev created\n',
  );
  await until(
    () => usedOf(server, 'dev'),
    (seen) => seen['pods'] !== undefined,
  );
  const described = await run('describe', 'quota', 'dev');
  t.match(described.stdout, /Resource +Used +Hard\n-+ +-+ +-+\npods +0 +10\nrequests.cpu +0 +800m/);
  const refused = await run('run', 'nginx', '--image=nginx');
  t.equal(refused.code, 1);
  t.equal(
    refused.stderr,
    'Error from server (Forbidden): pods "nginx" is forbidden: failed quota: dev: must specify ' +
      'requests.cpu for: nginx\n',
  );
  const limit = { type: 'Container', default: { cpu: '0.2' }, defaultRequest: { cpu: '0.05' } };
  const spec = { limits: [{ ...limit, max: { cpu: '0.5' }, min: { cpu: '0.01' } }] };
  await server.request(`POST ${folder}/limitranges`, { metadata: { name: 'l' }, spec });
  const namespace = await run('describe', 'namespace', 'default');
  t.match(namespace.stdout, /Container +cpu +10m +500m +50m +200m +-/);
  t.match(namespace.stdout, /Resource Quotas\n {2}Name: +dev\n/);
});
