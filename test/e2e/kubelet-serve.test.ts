/** The kubelet's API over a runtime of our own, as kubectl and a coordinator use it. */
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import t from 'tap';
import { resources } from '../../src/api/client/resources.ts';
import { succeeds } from '../cluster/kubelet/succeeds.ts';
import {
  account,
  asAdmin,
  ask,
  client,
  cri,
  folder,
  kubectl,
  logOf,
  pods,
  runPod,
  shared,
  skip,
} from './served-node.ts';

t.setTimeout(300_000);

/** The certificate of who says of himself that he may do everything. */
function forgedMaster(folder: string): { readonly cert: Buffer; readonly key: Buffer } {
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1'.split(' ');
  const subject = ['-subj', '/O=system:masters/CN=kubernetes-admin'];
  execFileSync('openssl', [...kind, ...subject, '-out', cert, '-keyout', key], { stdio: 'ignore' });
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

const post = (path: string) => asAdmin(path, { method: 'POST' });

t.test('kubectl reads logs and follows them to their end', { skip }, async (t) => {
  const script = 'for i in 0 1 2 3 4; do echo line $i; done; echo bad >&2; sleep 1000';
  const pod = await runPod('talker', ['sh', '-c', script]);
  const name = pod.metadata.name;
  await succeeds(async () => {
    const text = await shared.run('logs', name);
    if (!text.includes('line 4') || !text.includes('bad')) throw new Error(text);
  });
  t.equal((await shared.run('logs', name)).split('\n').length, 7);
  t.equal(await shared.run('logs', name, '--limit-bytes=6'), 'line 0');
  t.match(await shared.run('logs', name, '--tail=2'), /^(line 4\nbad|bad\nline 4)\n$/);
  t.match(await shared.run('logs', name, '--timestamps', '--tail=1'), /^\d{4}-.*\.\d{9}\S+ /);
  t.match(await shared.run('logs', name, '--since=1h'), /line 0/);
  t.match(await shared.refusal('logs', name, '--previous'), /previous terminated container "main"/);
  const follower = kubectl('logs', '-f', name);
  const ended = once(follower, 'exit');
  let heard = '';
  follower.stdout?.setEncoding('utf8').on('data', (part: string) => (heard += part));
  await succeeds(async () => {
    if (!heard.includes('line 4')) throw new Error(heard);
  });
  const [id] = pods.containers.values();
  await cri.call('StopContainer', { container_id: id, timeout: 0 });
  const [code] = (await ended) as [number];
  t.equal(code, 0, 'it ends with the container');
});

t.test('kubectl runs commands, with input, terminal and exit code', { skip }, async (t) => {
  await runPod('worker', ['sleep', '1000']);
  t.equal(await shared.run('exec', 'worker', '--', 'echo', 'a  b'), 'a  b\n');
  const failing = kubectl('exec', 'worker', '--', 'sh', '-c', 'exit 7');
  t.same((await once(failing, 'exit'))[0], 7);
  const cat = kubectl('exec', '-i', 'worker', '--', 'cat');
  let heard = '';
  cat.stdout?.setEncoding('utf8').on('data', (part: string) => (heard += part));
  const ended = once(cat, 'exit');
  cat.stdin?.end('x'.repeat(300_000));
  await ended;
  t.equal(heard.length, 300_000);
  t.match(await shared.refusal('exec', 'worker', '-c', 'none', '--', 'ls'), /none/);
  const file = `${folder}/copied`;
  writeFileSync(file, 'content');
  await shared.run('cp', file, 'worker:/tmp/copied');
  t.equal(await shared.run('exec', 'worker', '--', 'cat', '/tmp/copied'), 'content');
});

t.test('kubectl forwards a port', { skip }, async (t) => {
  await runPod('server', ['sleep', '1000']);
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  t.teardown(() => echo.close());
  const { port } = echo.address() as AddressInfo;
  const forward = kubectl('port-forward', 'pod/server', `:${port}`);
  t.teardown(() => forward.kill());
  let said = '';
  forward.stdout?.setEncoding('utf8').on('data', (part: string) => (said += part));
  const local = await succeeds(async () => {
    const found = /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1];
    if (found === undefined) throw new Error(said);
    return found;
  });
  const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${local}; echo hello >&3; read -t 30 l <&3; echo $l`;
    execFile('bash', ['-c', script], (_error, out) => resolve({ stdout: out }));
  });
  t.equal(stdout, 'hello\n');
});

t.test('who asks has to be known, and to be allowed', async (t) => {
  t.match(await ask('/pods'), { status: 401 });
  t.match(await ask('/pods', { headers: { Authorization: 'Bearer wrong' } }), { status: 401 });
  const forged = forgedMaster(t.testdir({}));
  t.match(await ask('/pods', forged), { status: 401 }, 'signed by nobody that is known');
  t.match(await ask('/exec/default/worker/main?command=ls&output=1', forged), { status: 401 });
  await succeeds(() => client.get(resources.serviceAccounts, account));
  const { status } = (await client.post(
    resources.serviceAccounts,
    { ...account, subresource: 'token' },
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  )) as { status?: { token?: string } };
  const headers = { Authorization: `Bearer ${status?.token ?? ''}` };
  t.match(await ask('/pods', { headers }), {
    status: 403,
    text: /^Forbidden \(user=system:serviceaccount:default:default, verb=get, resource=nodes, /,
  });
  t.match(await asAdmin('/pods'), { status: 200, text: /"kind":"PodList"/ });
  t.match(await asAdmin('/runningpods/'), { status: 200, text: /"kind":"PodList"/ });
  t.match(await asAdmin('/healthz'), { status: 200, text: 'ok' });
  t.match(await asAdmin('/configz'), { status: 200, text: /"maxPods":110/ });
  t.match(await asAdmin('/nothing'), { status: 404 });
  t.match(await asAdmin('/exec/default/worker/main?command=ls&output=1'), {
    status: 400,
    text: 'Upgrade request required',
  });
  t.match(await asAdmin('/containerLogs/default/none/main'), {
    status: 404,
    text: 'pod "none" does not exist',
  });
  t.match(await asAdmin('/%ff'), { status: 404 });
});

t.test('refusals are in the words and codes that clients of stock kubelets know', async (t) => {
  const pod = await runPod('short', ['sleep', '1000']);
  const none = '/containerLogs/default/short/main';
  t.match(await post(none), { status: 405, text: '405: Method Not Allowed' });
  t.match(await post('/exec/default/none/main'), { status: 400 });
  t.match(await post('/run/default/short/none?cmd=ls'), {
    status: 500,
    text: 'container not found ("none")',
  });
  t.match(await asAdmin(`${none}?timestamps=yes&tailLines=1`), { status: 200 });
  t.match(await asAdmin(`${none}?limitBytes=0`), { status: 422 });
  t.match(await asAdmin('/configz'), { text: /"kind":"KubeletConfiguration"/ });
  const id = pods.containers.get(`${pod.metadata.uid}/main`);
  await cri.call('StopContainer', { container_id: id, timeout: 0 });
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'SPDY/3.1',
    'X-Stream-Protocol-Version': 'v4.channel.k8s.io',
  };
  const place = 'default/short/main';
  t.match(await asAdmin(`/exec/${place}?command=ls&output=1`, { headers }), {
    status: 500,
    text: /^container not found \("main"\)/,
  });
  t.match(await asAdmin(`/attach/${place}?output=1`, { headers }), {
    status: 500,
    text: /^container main not found in pod short_default/,
  });
});

t.test('a running container is written to an archive of root alone', async (t) => {
  await runPod('kept', ['sleep', '1000']);
  const { status, text } = await post('/checkpoint/default/kept/main?timeout=60');
  t.equal(status, 200, text);
  const { items } = JSON.parse(text) as { items: readonly string[] };
  const [path = ''] = items;
  t.match(path, /checkpoints\/checkpoint-kept_default-main-\d{4}-\d\d-\d\dT[\d:]+Z\.tar$/);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  t.match(await asAdmin('/checkpoint/default/kept/main'), { status: 405 });
  t.match(await post('/checkpoint/default/none/main'), { status: 404, text: 'pod does not exist' });
  t.match(await post('/checkpoint/default/kept/none'), {
    status: 404,
    text: 'container none does not exist',
  });
  t.match(await post('/checkpoint/default/kept/main?timeout=long'), {
    status: 404,
    text: 'cannot parse value of timeout parameter',
  });
  t.match(await post('/checkpoint/default/short/main'), {
    status: 500,
    text: /^checkpointing of default\/short\/main failed \(.*not running/,
  });
});

t.test('a log that leads elsewhere is not read', { skip }, async (t) => {
  const pod = await runPod('liar', ['sleep', '1000']);
  const path = logOf(pod);
  unlinkSync(path);
  symlinkSync('/etc/passwd', path);
  const refused = await shared.refusal('logs', 'liar');
  t.match(refused, /leads elsewhere|does not let/);
  t.notMatch(await asAdmin('/containerLogs/default/liar/main'), { text: /root/ });
  unlinkSync(path);
  execFile('mkfifo', [path]);
  await succeeds(async () => {
    const { text } = await asAdmin('/containerLogs/default/liar/main');
    if (!/no regular file/.test(text)) throw new Error(text);
  });
  unlinkSync(path);
  writeFileSync(path, `2026-01-01T00:00:00Z stdout F ${'y'.repeat(10)}\nno line\n`);
  t.equal((await asAdmin('/containerLogs/default/liar/main')).text, 'yyyyyyyyyy\n');
});

t.test('a log without a single line is empty, however long it is', { skip }, async (t) => {
  const pod = await runPod('flood', ['sleep', '1000']);
  writeFileSync(logOf(pod), Buffer.alloc(8 * 1024 * 1024, 'x'));
  t.same(await asAdmin('/containerLogs/default/flood/main?tailLines=1'), { status: 200, text: '' });
  t.same(await asAdmin('/containerLogs/default/flood/main'), { status: 200, text: '' });
});
