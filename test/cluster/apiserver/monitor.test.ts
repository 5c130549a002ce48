import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ScratchServer } from './scratch-server.ts';

t.setTimeout(600_000);

const [kubectl] = findPrograms();

function labels(verb: string, code: number): string {
  return `verb="${verb}",group="",version="v1",resource="configmaps",subresource="",code="${code}"`;
}

t.test('metrics count requests by what they were for', async (t) => {
  await using server = await ScratchServer.start();
  const path = '/api/v1/namespaces/default/configmaps';
  await server.request(`POST ${path}`, { metadata: { name: 'a' } });
  await server.request(`POST ${path}`, { metadata: { name: 'a' } });
  await server.request(`GET ${path}`);
  const text = await server.text('GET /metrics');
  t.match(text, `apiserver_request_total{${labels('POST', 201)}} 1\n`);
  t.match(text, `apiserver_request_total{${labels('POST', 409)}} 1\n`);
  t.match(text, `apiserver_request_total{${labels('LIST', 200)}} 1\n`);
  t.match(
    text,
    /apiserver_request_duration_seconds_count\{verb="POST",resource="configmaps"\} 2\n/,
  );
  t.match(text, /apiserver_current_inflight_requests 1\n/);
  t.match(text, /apiserver_storage_size_bytes \d+\n/);
  t.match(text, /process_resident_memory_bytes \d+\n/);
});

t.test('health has a line for each check', async (t) => {
  await using server = await ScratchServer.start();
  t.equal(await server.text('GET /readyz'), 'ok');
  t.equal(
    await server.text('GET /readyz?verbose'),
    '[+]ping ok\n[+]etcd ok\nreadyz check passed\n',
  );
  t.equal(
    await server.text('GET /readyz?verbose&exclude=etcd'),
    '[+]ping ok\nreadyz check passed\n',
  );
  t.equal(await server.text('GET /livez?verbose'), '[+]ping ok\nlivez check passed\n');
});

t.test('kubectl explains kinds and fields in words', async (t) => {
  if (kubectl === undefined) {
    t.pass('no kubectl on this machine');
    return;
  }
  await using server = await ScratchServer.start();
  const explain = async (...args: string[]) =>
    (await server.kubectl(kubectl, 'explain', ...args)).stdout;
  const pod = await explain('pod');
  t.match(pod, 'Containers that run together on one node');
  t.match(pod, /spec\t<PodSpec>\n {4}What shall run, and how\.\n/);
  t.match(
    await explain('pod.spec.containers.livenessProbe'),
    'While it fails, the container is restarted.',
  );
  const old = await explain('deployment.spec', '--output=plaintext-openapiv2');
  t.match(old, /replicas\t<integer>\n {5}How many pods\. 1 unless set\./);
  t.match(await explain('cronjob.spec.schedule'), 'Minute, hour, day, month and weekday');
  t.notMatch(await explain('csidriver'), /metadata\t<ObjectMeta>\n {4}<no description>/);
});
