import t from 'tap';
import { parseDuration } from '../../../../src/kubelet/config/duration.ts';
import { readKubeletConfiguration } from '../../../../src/kubelet/config/kubelet-configuration.ts';

const head = 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n';

function read(text: string): ReturnType<typeof readKubeletConfiguration> {
  return readKubeletConfiguration(head + text);
}

t.test('without a file all is as Kubernetes has it', async (t) => {
  const { configuration, warning, document } = readKubeletConfiguration('');
  t.equal(warning, undefined);
  t.match(configuration, {
    port: 10_250,
    maxPods: 110,
    nodeStatusUpdateFrequency: 10_000,
    containerLogMaxSize: 10 * 1024 * 1024,
    authentication: { webhook: { enabled: true, cacheTTL: 120_000 } },
    authorization: { mode: 'Webhook' },
    crashLoopBackOff: { maxContainerRestartPeriod: 300_000 },
  });
  t.same(
    [...configuration.evictionHard],
    [
      ['memory.available', '100Mi'],
      ['nodefs.available', '10%'],
      ['nodefs.inodesFree', '5%'],
      ['imagefs.available', '15%'],
      ['imagefs.inodesFree', '5%'],
    ],
  );
  t.match(document, {
    kind: 'KubeletConfiguration',
    syncFrequency: '1m0s',
    authentication: { anonymous: { enabled: false } },
  });
});

t.test('what is given is honoured, and shown as it was given', async (t) => {
  const { configuration, document } = read(
    [
      'maxPods: 30',
      'evictionHard: {memory.available: 5%}',
      'systemReserved: {cpu: 250m, memory: 1Gi}',
      'authorization: {mode: AlwaysAllow}',
      'registerWithTaints: [{key: a, effect: NoSchedule}]',
      'clusterDNS: [10.96.0.10]',
      'syncFrequency: null',
    ].join('\n'),
  );
  t.match(configuration, { maxPods: 30, clusterDNS: ['10.96.0.10'], syncFrequency: 60_000 });
  t.equal(configuration.authorization.mode, 'AlwaysAllow');
  t.same([...configuration.evictionHard.keys()], ['memory.available']);
  t.equal(configuration.systemReserved.get('cpu'), '250m');
  t.match(document, { maxPods: 30, authorization: { mode: 'AlwaysAllow' } });
  const merged = read('mergeDefaultEvictionSettings: true\nevictionHard: {memory.available: 5%}')
    .configuration.evictionHard;
  t.equal(merged.get('memory.available'), '5%');
  t.equal(merged.get('nodefs.available'), '10%');
});

t.test('what is known and has no effect is named in one warning, unless it is default', (t) => {
  const { warning } = read(
    'cpuManagerPolicy: static\nreadOnlyPort: 10255\nkubeAPIQPS: 50\n' +
      'memorySwap: {swapBehavior: NoSwap}',
  );
  t.match(warning, /^Without effect here: /);
  for (const name of ['cpuManagerPolicy', 'readOnlyPort', 'memorySwap.swapBehavior']) {
    t.ok(warning?.includes(name), name);
  }
  t.notMatch(warning, /kubeAPIQPS/);
  t.end();
});

t.test('the unknown and the wrong are refused, with what was meant', async (t) => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['maxPod: 3', /Unknown field "maxPod"; did you mean "maxPods"\?/],
    ['authentication: {webhok: {}}', /"authentication.webhok"; did you mean "webhook"/],
    ['constructor: 1', /Unknown field "constructor"/],
    ['maxPods: many', /maxPods is "many", not a whole number/],
    ['maxPods: 1.5', /maxPods is 1.5/],
    ['syncFrequency: 5', /not a duration/],
    ['evictionHard: {disk.free: 1}', /one of memory.available/],
    ['authorization: {mode: Maybe}', /one of "Webhook", "AlwaysAllow"/],
    ['evictionSoft: {memory.available: 1Gi}', /no period/],
    ['imageGCLowThresholdPercent: 90', /not below/],
    ['shutdownGracePeriodCriticalPods: 10s', /longer than/],
    ['tlsCertFile: /a', /belong together/],
    ['registerWithTaints: [{key: a}]', /a taint/],
    ['address: &a 1\nport: *a', /configuration/],
    ['- a', /configuration/],
  ];
  for (const [text, words] of refusals) {
    t.throws(() => read(text), { message: words }, text);
  }
  t.throws(() => readKubeletConfiguration('kind: Pod'), { message: /"Pod"/ });
});

t.test('durations are read as Go writes them', async (t) => {
  const known: readonly (readonly [string, number | undefined])[] = [
    ['1h2m3.5s', 3_723_500],
    ['100ms', 100],
    ['0', 0],
    ['-1s', -1000],
    ['1', undefined],
    ['', undefined],
    ['1d', undefined],
    ['1s ', undefined],
  ];
  for (const [text, ms] of known) t.equal(parseDuration(text), ms, text);
});
