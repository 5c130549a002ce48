import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ControlledServer } from './controlled-server.ts';

const program = findPrograms().at(-1);
if (program === undefined) {
  t.plan(0, 'no kubectl on this machine');
  process.exit();
}

t.setTimeout(300_000);

t.test(
  'kubectl exposes pods and deletes owners with, before and without what they own',
  async (t) => {
    await using server = await ControlledServer.start();
    const run = async (...args: string[]) => {
      const output = await server.kubectl(program, ...args);
      t.equal(output.code, 0, `${args.join(' ')}: ${output.stderr}`);
      return output.stdout;
    };
    const until = async (wanted: RegExp, ...args: string[]) => {
      t.match(await server.until(program, wanted, args), wanted, args.join(' '));
    };
    for (const name of ['a', 'b', 'c']) {
      await run('create', 'deployment', name, '--image=nginx:1', '--replicas=2', '--port=80');
    }
    await run('expose', 'deployment/a', '--port=8080', '--target-port=80');
    await run('rollout', 'status', 'deployment/a', '--timeout=120s');
    await until(/^a +(10\.1\.0\.9:80,?){2} /m, 'get', 'endpoints', 'a', '--no-headers');
    await until(/^a-\w+ +IPv4 +80 +10\.1\.0\.9/m, 'get', 'endpointslices', '--no-headers');
    t.match(await run('describe', 'service', 'a'), /Endpoints: +10\.1\.0\.9:80,10/);
    await run('delete', 'service', 'a');
    await until(/No resources found/, 'get', 'endpoints,endpointslices');

    await run('delete', 'deployment', 'a');
    await until(/No resources found/, 'get', 'rs,pods', '-l', 'app=a');
    await run('rollout', 'status', 'deployment/b', '--timeout=120s');
    await run('delete', 'deployment', 'b', '--cascade=foreground', '--timeout=120s');
    t.equal(await run('get', 'rs,pods', '-l', 'app=b', '-o', 'name'), '');
    await run('rollout', 'status', 'deployment/c', '--timeout=120s');
    await run('delete', 'deployment', 'c', '--cascade=orphan');
    t.match(
      await run('get', 'rs,pods', '-l', 'app=c', '-o', 'name'),
      /^replicaset.*\npod.*\npod.*\n$/,
    );
    t.same(server.errors, []);
  },
);

t.test('a namespace comes with its account and goes with all that is in it', async (t) => {
  await using server = await ControlledServer.start();
  const run = async (...args: string[]) => {
    const output = await server.kubectl(program, ...args);
    t.equal(output.code, 0, `${args.join(' ')}: ${output.stderr}`);
    return output.stdout;
  };
  await run('create', 'namespace', 'blue');
  const names = ['get', 'sa,cm', '-n', 'blue', '-o', 'name'];
  const both = /^serviceaccount\/default\nconfigmap\/kube-root-ca.crt\n$/;
  t.match(await server.until(program, both, names), both);
  await run('create', 'deployment', 'web', '--image=nginx:1', '--replicas=2', '-n', 'blue');
  await run('rollout', 'status', 'deployment/web', '-n', 'blue', '--timeout=120s');
  t.equal(await run('delete', 'namespace', 'blue', '--timeout=120s'), 'namespace "blue" deleted\n');
  t.equal(await run('get', 'pods,rs,deploy,cm,sa', '-n', 'blue', '-o', 'name'), '');
  t.same(server.errors, []);
});
