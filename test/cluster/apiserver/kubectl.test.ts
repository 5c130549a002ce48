import { basename } from 'node:path';
import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ScratchServer } from './scratch-server.ts';

const kubectls = findPrograms();
if (kubectls.length === 0) {
  t.plan(0, 'no kubectl on this machine');
  process.exit();
}

// Eight clients in turn, each of which is some forty megabytes to load.
t.setTimeout(600_000);

const manifest = `
apiVersion: apps/v1beta2
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: a, image: "nginx:1", ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: { name: web }
spec:
  rules:
    - http: { paths: [{ path: /demo, backend: { serviceName: web, servicePort: 80 } }] }
`;

for (const program of kubectls) {
  t.test(`${basename(program)} makes, changes, shows and deletes objects`, async (t) => {
    await using server = await ScratchServer.start();
    const run = async (...args: string[]) => {
      const output = await server.kubectl(program, ...args);
      t.equal(output.code, 0, `${args.slice(0, 3).join(' ')}: ${output.stderr}`);
      return output.stdout;
    };
    t.equal(await run('create', 'namespace', 'blue'), 'namespace/blue created\n');
    t.match(await run('get', 'namespaces'), /^NAME +STATUS +AGE\nblue +Active +\d+s\ndefault /);

    const path = server.manifest('web.yaml', manifest);
    t.equal(
      await run('apply', '-f', path),
      'deployment.apps/web created\nservice/web created\ningress.extensions/web created\n',
    );
    t.equal(
      await run('apply', '-f', path),
      'deployment.apps/web unchanged\nservice/web unchanged\ningress.extensions/web unchanged\n',
    );
    const all = await run('get', 'all');
    t.match(all, /service\/web +NodePort +10\.96\.[0-9.]+ +<none> +80:3\d{4}\/TCP/);
    t.match(all, /deployment.apps\/web +0\/1 /);
    t.equal(await run('scale', 'deployment/web', '--replicas=3'), 'deployment.apps/web scaled\n');
    t.equal(await run('label', 'deploy', 'web', 'a=b'), 'deployment.apps/web labeled\n');
    t.equal(
      await run('set', 'image', 'deployment/web', 'a=nginx:2'),
      'deployment.apps/web image updated\n',
    );
    t.equal(
      await run(
        'patch',
        'deploy',
        'web',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/metadata/labels/a"}]',
      ),
      'deployment.apps/web patched\n',
    );
    const shown = await run(
      'get',
      'deploy',
      'web',
      '-o',
      'jsonpath={.spec.replicas} {.metadata.generation} {.spec.template.spec.containers[0].image}',
    );
    t.equal(shown, '3 3 nginx:2');
    t.match(await run('describe', 'deployment', 'web'), /Replicas: +3 desired/);
    t.match(await run('explain', 'pod.spec.containers.image'), /FIELD: image <string>/);
    t.match(
      await run('api-resources', '--api-group=apps'),
      /deployments +deploy +apps\/v1 +true +Deployment/,
    );
    t.equal(await run('run', 'p', '--image=busybox'), 'pod/p created\n');
    t.match(
      await run('get', 'pod', 'p', '-o', 'wide'),
      /p +0\/1 +Pending +0 +\d+s +<none> +<none>/,
    );
    t.match(
      await run('get', 'pods', '--field-selector=status.phase=Pending', '-o', 'name'),
      'pod/p',
    );
    t.equal(await run('get', 'pods', '-l', 'run!=p', '-o', 'name'), '');
    const config = server.manifest(
      'config.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { a: b }\n',
    );
    const apply = ['apply', '--server-side', '-f', config];
    t.equal(await run(...apply), 'configmap/c serverside-applied\n');
    t.equal(await run(...apply), 'configmap/c serverside-applied\n');
    await run('patch', 'cm', 'c', '-p', '{"data":{"a":"other"}}');
    const refused = await server.kubectl(program, ...apply);
    t.match(
      refused.stderr,
      /Apply failed with 1 conflict: conflict with "kubectl-patch" using v1: .data.a/,
    );
    t.equal(await run(...apply, '--force-conflicts'), 'configmap/c serverside-applied\n');
    t.match(await run('delete', 'pod', 'p'), 'pod "p" deleted');
    t.match(await run('delete', '-f', path), /deployment.apps "web" deleted/);
    t.equal(await run('get', 'deploy,svc,ing', '-o', 'name'), '');
  });

  t.test(`${basename(program)} shows what the server refuses`, async (t) => {
    await using server = await ScratchServer.start();
    const fails = async (...args: string[]) => {
      const { code, stderr } = await server.kubectl(program, ...args);
      t.equal(code, 1, args.join(' '));
      return stderr;
    };
    t.equal(await fails('get', 'pod', 'x'), 'Error from server (NotFound): pods "x" not found\n');
    t.match(await fails('create', 'cm', 'c', '-n', 'nowhere'), 'namespaces "nowhere" not found');
    const typo = server.manifest(
      'typo.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {contaniers: []}\n',
    );
    t.match(
      await fails('create', '-f', typo),
      /strict decoding error: unknown field "spec.contaniers" \(did you mean "containers"\?\)/,
    );
    const wrong = server.manifest(
      'wrong.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {restartPolicy: Now}\n',
    );
    t.match(await fails('create', '-f', wrong), /The Pod "p" is invalid/);
    t.match(await fails('delete', 'namespace', 'default'), 'namespaces "default" is forbidden');
    t.match(await fails('create', 'namespace', 'default'), /namespaces "default" already exists/);
  });
}
