import t from 'tap';
import { credentialsFor } from '../../../src/kubelet/image/credentials.ts';
import { elapsedText } from '../../../src/kubelet/image/elapsed-text.ts';
import { withTag } from '../../../src/kubelet/image/image-puller.ts';
import { BackOff, nextDelay, restartAt } from '../../../src/kubelet/pod/back-off.ts';
import { isTold } from '../../../src/kubelet/pod/status-writer.ts';
import { annotation } from '../../../src/kubelet/runtime/record.ts';
import { parseStaticPod } from '../../../src/kubelet/source/parse-static-pod.ts';
import { exited, nowMs } from './scene.ts';

const place = { nodeName: 'Host01', hash: 'ab'.repeat(32) };
const file = (spec: string, metadata = 'name: web') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {${metadata}}\nspec: ${spec}\n`;

t.test('a static pod is filled in as the server would, and marked', async (t) => {
  const pod = parseStaticPod(file('{containers: [{name: a, image: b}]}'), place);
  t.match(pod, {
    metadata: {
      name: 'web-host01',
      namespace: 'default',
      uid: 'abababab-abab-abab-abab-abababababab',
      annotations: { 'kubernetes.io/config.source': 'file' },
    },
    spec: {
      nodeName: 'Host01',
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      containers: [{ imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log' }],
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
    },
  });
});

t.test('what is no static pod is refused with the reason', async (t) => {
  const refused = (text: string, message: RegExp) =>
    t.throws(() => parseStaticPod(text, place), { message });
  refused('kind: Pod', /not a Pod of v1/);
  refused('a: [', /./);
  refused(file('{containers: []}'), /spec\.containers: Required value/);
  refused(file('{containers: [{name: a, image: b, imagee: c}]}'), /unknown field "spec.cont/);
  const volumes = 'volumes: [{name: s, secret: {secretName: x}}]';
  refused(file(`{containers: [{name: a, image: b}], ${volumes}}`), /volumes of objects/);
});

function after(seconds: number) {
  return exited(1, { annotations: { [annotation.backOffSeconds]: String(seconds) } });
}

t.test('pauses double to five minutes and are forgiven after ten', async (t) => {
  t.equal(nextDelay(undefined), 0);
  t.same(
    [0, 10, 20, 160, 300].map((delay) => nextDelay(after(delay))),
    [10, 20, 40, 300, 300],
  );
  t.equal(restartAt(after(40)), nowMs - 1000 + 40_000);
  const long = { ...after(300), startedAtMs: nowMs - 700_000 };
  t.equal(restartAt(long), long.finishedAtMs);
  t.equal(nextDelay(long), 10);
  t.equal(nextDelay(exited(1, { annotations: { [annotation.backOffSeconds]: 'NaN' } })), 10);
  const backOff = new BackOff();
  const delays = [1, 2, 3].map(() => {
    backOff.failed('x', nowMs);
    return backOff.until('x') - nowMs;
  });
  t.same(delays, [10_000, 20_000, 40_000]);
  backOff.succeeded('x');
  t.equal(backOff.until('x'), 0);
});

t.test('images without a tag are the latest; durations read as Go writes them', async (t) => {
  t.equal(withTag('nginx'), 'nginx:latest');
  t.equal(withTag('host:5000/nginx'), 'host:5000/nginx:latest');
  t.equal(withTag('nginx:1'), 'nginx:1');
  t.equal(withTag('nginx@sha256:00'), 'nginx@sha256:00');
  t.same([12, 1234, 65_200, 3_600_000].map(elapsedText), ['12ms', '1.234s', '1m5.2s', '1h0m0s']);
});

function secret(auths: object) {
  const text = JSON.stringify({ auths });
  const data = { '.dockerconfigjson': Buffer.from(text).toString('base64') };
  return { metadata: {}, type: 'kubernetes.io/dockerconfigjson', data };
}

function auth(user: string) {
  return { auth: Buffer.from(`${user}:pass:word`).toString('base64') };
}

t.test('pull secrets are for the registry and the path that they name', async (t) => {
  const users = (image: string, auths: object) =>
    credentialsFor(image, [secret(auths)]).map(({ username }) => username);
  t.same(credentialsFor('nginx', [secret({ 'https://index.docker.io/v1/': auth('me') })]), [
    { username: 'me', password: 'pass:word', identity_token: '', registry_token: '' },
  ]);
  const all = { 'reg.io': auth('a'), 'reg.io/team': auth('b'), '*.other.io': auth('c') };
  t.same(users('reg.io/team/app', all), ['b', 'a']);
  t.same(users('reg.io/teams/app', all), ['a']);
  t.same(users('x.other.io/app', all), ['c']);
  t.same(users('x.y.other.io/app', all), []);
  t.same(users('nginx', all), []);
  const broken = { metadata: {}, data: { '.dockerconfigjson': 'AAAA' } };
  t.same(credentialsFor('nginx', [broken]), []);
});

t.test('a status is told when the server has all of it', async (t) => {
  const before = {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Foreign', status: 'True' },
    ],
  };
  t.ok(isTold({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }, before));
  t.notOk(isTold({ phase: 'Failed' }, before));
  t.notOk(isTold({ conditions: [{ type: 'Ready', status: 'False' }] }, before));
  t.notOk(isTold({ phase: 'Running' }, undefined));
});
