import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { FakeKubelet } from './fake-kubelet.ts';
import { ScratchServer } from './scratch-server.ts';

t.setTimeout(600_000);

const pods = '/api/v1/namespaces/default/pods';
const whole = process.env['KEELSON_ALL_KUBECTLS'] !== undefined;
const programs = findPrograms();
// The oldest speaks SPDY, the newest WebSocket.
const tried = whole ? programs : new Set([programs.at(1) ?? programs.at(0), programs.at(-1)]);

function pod(name: string, spec: object = {}): object {
  const containers = [{ name: 'a', image: 'x', ports: [{ containerPort: 80 }] }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { nodeName: 'n1', containers, ...spec },
  };
}

/** A pod that runs, with two containers. */
async function makePod(server: ScratchServer): Promise<void> {
  const containers = [
    { name: 'a', image: 'x' },
    { name: 'b', image: 'x' },
  ];
  await server.request(`POST ${pods}`, pod('web', { containers }));
  const type = { 'Content-Type': 'application/merge-patch+json' };
  const status = { phase: 'Running', podIP: '127.0.0.1' };
  await server.request(`PATCH ${pods}/web/status`, { status }, type);
}

t.test('logs and commands go to the kubelet, whose refusals come back in its words', async (t) => {
  await using kubelet = await FakeKubelet.start();
  await using server = await ScratchServer.start({ kubelets: kubelet.options });
  await server.request('POST /api/v1/nodes', kubelet.node);
  await makePod(server);
  const logs = `GET ${pods}/web/log`;
  t.equal(await server.text(`${logs}?container=a&tailLines=2`), 'first line\nlast line\n');
  t.equal(kubelet.seen.at(-1), 'GET /containerLogs/default/web/a?tailLines=2');
  t.match((await server.request(logs)).body, {
    reason: 'BadRequest',
    message: 'a container name must be specified for pod web, choose one of: [a b]',
  });
  t.match((await server.request(`${logs}?container=c`)).body, {
    message: 'container c is not valid for pod web',
  });
  t.match((await server.request(`${logs}?container=b`)).body, {
    code: 400,
    message: 'container "b" in pod "web" is waiting to start: NotYet',
  });
  t.match((await server.request(`POST ${pods}/web/exec?container=a&command=ls`)).body, {
    code: 400,
    message: 'Upgrade request required',
  });
  await server.request(`POST ${pods}`, pod('nowhere', { nodeName: undefined }));
  t.equal(await server.text(`GET ${pods}/nowhere/log`), '', 'nothing ran, nothing was written');
  t.match((await server.request(`POST ${pods}/nowhere/exec?command=ls`)).body, {
    message: 'pod nowhere does not have a host assigned',
  });
  await server.request(`POST ${pods}`, pod('lost', { nodeName: 'n2' }));
  t.match((await server.request(`GET ${pods}/lost/log`)).body, { code: 404 });
});

t.test('a kubelet that does not answer is told with its address', async (t) => {
  await using server = await ScratchServer.start();
  const address = { type: 'InternalIP', address: '127.0.0.1' };
  const daemonEndpoints = { kubeletEndpoint: { Port: 1 } };
  await server.request('POST /api/v1/nodes', {
    metadata: { name: 'n1' },
    status: { addresses: [address], daemonEndpoints },
  });
  await server.request(`POST ${pods}`, pod('web'));
  t.match((await server.request(`GET ${pods}/web/log`)).body, {
    code: 500,
    message:
      'Get "https://127.0.0.1:1/containerLogs/default/web/a": dial tcp 127.0.0.1:1: connect: ' +
      'connection refused',
  });
  t.match((await server.request('GET /api/v1/nodes/n1/proxy/healthz')).body, {
    code: 400,
    message: 'address not allowed',
  });
});

t.test(
  "only a certificate of the authority that is this node's is taken for its kubelet",
  async (t) => {
    await using other = await FakeKubelet.start();
    const failed = 'tls: failed to verify certificate: x509: certificate';
    {
      await using kubelet = await FakeKubelet.start();
      const { log, refused } = await logOf(kubelet, other.certificate);
      const url = `https://127.0.0.1:${kubelet.port}/containerLogs/default/web/a`;
      t.match(JSON.parse(log).message, `Get "${url}": ${failed} signed by unknown authority`);
      if (programs.length > 0) t.match(refused, `${failed} signed by unknown authority`);
      t.same(kubelet.seen, [], 'it was not told what was asked for');
    }
    const cases = [
      ['/CN=x', 'IP:127.0.0.2,DNS:n2', `${failed} is valid for 127.0.0.2, n2, not 127.0.0.1`],
      ['/CN=system:node:n2', 'IP:127.0.0.1,DNS:n1', `${failed} is of system:node:n2, not`],
      ['/CN=system:node:n1', 'DNS:n1', 'first line'],
      ['/CN=system:node:n1', 'IP:127.0.0.1', 'first line'],
    ] as const;
    for (const [subject, names, said] of cases) {
      await using kubelet = await FakeKubelet.start(subject, names);
      t.match((await logOf(kubelet, kubelet.certificate)).log, said, `${subject} for ${names}`);
    }
  },
);

t.test('proxies pass requests on, and keep redirections and credentials', async (t) => {
  await using kubelet = await FakeKubelet.start();
  await using server = await ScratchServer.start({ kubelets: kubelet.options });
  await server.request('POST /api/v1/nodes', kubelet.node);
  await makePod(server);
  const { port } = kubelet;
  const headers = { Authorization: 'Bearer secret' };
  const answer = await server.request('POST /api/v1/nodes/n1/proxy/a//b%2Fc?x=1', 'body', headers);
  t.equal(answer.headers.get('x-own'), 'yes');
  t.same(answer.body, { who: 'keelson-test', path: '/a//b%2Fc?x=1', body: 'body' });
  const moved = await fetch(`${server.url}${pods}/https:web:${port}/proxy/moved`, {
    redirect: 'manual',
  });
  t.equal(moved.headers.get('location'), `${pods}/https:web:${port}/proxy/elsewhere?x=1`);
  const asPod = await server.request(`GET ${pods}/https:web:${port}/proxy/whoami`);
  t.match(asPod.body, { who: 'nobody' }, 'a pod is not shown who the server is');
  const services = '/api/v1/namespaces/default/services';
  await server.request(`POST ${services}`, {
    metadata: { name: 'front' },
    spec: { ports: [{ name: 'tls', port: 443 }] },
  });
  const path = `${services}/https:front:tls/proxy/hello`;
  t.match((await server.request(`GET ${path}`)).body, {
    code: 503,
    message: 'no endpoints available for service "front"',
  });
  await server.request('POST /api/v1/namespaces/default/endpoints', {
    metadata: { name: 'front' },
    subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ name: 'tls', port }] }],
  });
  t.match((await server.request(`GET ${path}`)).body, { path: '/hello' });
  t.equal((await server.request(`GET ${services}/front/proxy/`)).status, 503, 'no TLS asked for');
});

for (const program of tried) {
  if (program === undefined) continue;
  t.test(`${basename(program)} logs, exec, attach, port-forward`, async (t) => {
    await using kubelet = await FakeKubelet.start();
    await using server = await ScratchServer.start({ kubelets: kubelet.options });
    await server.request('POST /api/v1/nodes', kubelet.node);
    await makePod(server);
    const run = (...args: string[]) => server.kubectl(program, ...args);
    t.equal((await run('logs', 'web', '-c', 'a')).stdout, 'first line\nlast line\n');
    t.equal((await run('logs', '-f', 'web', '-c', 'a')).stdout, 'first line\nfollowed line\n');
    const early = await run('logs', 'web', '-c', 'b');
    t.match(early.stderr, 'container "b" in pod "web" is waiting to start: NotYet');
    const exec = (input: string, ...args: string[]) =>
      server.kubectlWith(input, program, 'exec', '-i', 'web', ...args);
    const said = await exec('', '-c', 'b', '--', 'echo', 'a b', '&');
    t.equal(said.stdout, '/exec/default/web/b echo a b &\n', said.stderr);
    const input = 'x'.repeat(200_000);
    const echoed = await exec(input, '--', 'cat');
    t.ok(echoed.stdout === `/exec/default/web/a cat\n${input}`, 'all that was sent comes back');
    const failed = await exec('', '--', 'exit', '7');
    t.equal(failed.code, 7);
    t.match(failed.stderr, 'command terminated with exit code 7');
    const attached = await server.kubectlWith('in', program, 'attach', '-i', 'web', '-c', 'a');
    t.match(attached.stdout, '/attach/default/web/a \nin');

    const forward = spawn(
      program,
      server.arguments(['port-forward', 'pod/web', `:${kubelet.port}`]),
      { ...server.settings, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    t.teardown(() => forward.kill());
    const port = await forwardedPort(forward);
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error);
    t.ok(answer instanceof Error, 'what it leads to speaks TLS, and was reached');
    // Some end by themselves when a connection fails.
    const running = forward.exitCode === null && forward.signalCode === null;
    forward.kill();
    if (running) await once(forward, 'exit');
    t.match(kubelet.seen.join('\n'), '/portForward/default/web');
  });
}

async function forwardedPort(child: ChildProcess): Promise<number> {
  let text = '';
  for await (const part of child.stdout ?? []) {
    text += String(part);
    const found = /127\.0\.0\.1:(\d+) ->/.exec(text);
    if (found?.[1] !== undefined) return Number(found[1]);
  }
  throw new Error(`no port was forwarded: ${text}`);
}

/** What reading a log says, and what an exec complains of. */
async function logOf(kubelet: FakeKubelet, authority: string) {
  const kubelets = { ...kubelet.options, authority, patienceMs: 300 };
  await using server = await ScratchServer.start({ kubelets });
  await server.request('POST /api/v1/nodes', kubelet.node);
  await makePod(server);
  const log = await server.text(`GET ${pods}/web/log?container=a`);
  const exec = server.kubectl(programs.at(-1) ?? '', 'exec', 'web', '-c', 'a', '--', 'x');
  const refused = programs.length === 0 ? '' : (await exec).stderr;
  return { log, refused };
}
