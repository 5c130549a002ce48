import { maskedPaths } from '../../../src/base/hidden-paths.ts';
import t from 'tap';
import type { Container, PodSpec } from '../../../src/api/types/generated/core-v1.ts';
import { NamespaceMode, ProfileType } from '../../../src/cri/generated/runtime.ts';
import { containerConfig, type ContainerParts } from '../../../src/kubelet/pod/container-config.ts';
import { dnsOf } from '../../../src/kubelet/pod/dns.ts';
import { hostsFile } from '../../../src/kubelet/pod/hosts-file.ts';
import { oomScore, qosOf } from '../../../src/kubelet/pod/qos.ts';
import { sandboxConfig } from '../../../src/kubelet/pod/sandbox-config.ts';
import { containerSecurity, namespacesOf } from '../../../src/kubelet/pod/security-context.ts';
import { podOf } from './scene.ts';

const gibibyte = 1024 ** 3;
const security = { seccompFolder: '/seccomp', seccompDefault: false };

function of(resources: Container['resources']) {
  return podOf({ containers: [{ name: 'main', resources }] });
}

t.test('QoS classes and who is killed first', async (t) => {
  const score = (resources: Container['resources']) => {
    const pod = of(resources);
    return oomScore(pod, pod.spec.containers[0] ?? { name: '' }, 4 * gibibyte);
  };
  const fixed = { limits: { cpu: '1', memory: '1Gi' } };
  t.equal(qosOf(of(undefined)), 'BestEffort');
  t.equal(qosOf(of({ requests: { cpu: '1' } })), 'Burstable');
  t.equal(qosOf(of(fixed)), 'Guaranteed');
  t.equal(qosOf(of({ ...fixed, requests: { cpu: '500m', memory: '1Gi' } })), 'Burstable');
  t.equal(score(undefined), 1000);
  t.equal(score(fixed), -997);
  t.equal(score({ requests: { memory: '1Gi' } }), 750);
  t.equal(score({ requests: { cpu: '1' } }), 999);
});

function configOf(
  container: Partial<Container>,
  spec: Partial<PodSpec> = {},
  more: Partial<ContainerParts> = {},
) {
  const main = { name: 'main', image: 'busybox', ...container };
  const pod = podOf({ containers: [main], ...spec });
  const parts: ContainerParts = {
    pod,
    what: { role: 'main', container: main },
    attempt: { number: 2, backOffSeconds: 20 },
    imageReference: 'sha256:1',
    image: undefined,
    variables: new Map([['WHO', 'me']]),
    mounts: [],
    images: new Map(),
    hostsFile: '/pod/etc-hosts',
    messageFile: '/pod/message',
    namespaces: namespacesOf(pod),
    bounds: { memoryBytes: 4 * gibibyte, leastOomScore: -1000 },
    ...more,
  };
  return containerConfig(parts, security);
}

t.test('an image is a mount that the runtime fills', async (t) => {
  const mount = {
    hostPath: '',
    containerPath: '/content',
    readOnly: true,
    recursiveReadOnly: false,
    propagation: 'None',
    image: { volume: 'content', subPath: 'data' },
  } as const;
  const images = new Map([['content', { image: 'sha256:2', user_specified_image: 'content:1' }]]);
  t.match(configOf({}, {}, { mounts: [mount], images }).mounts?.[0], {
    container_path: '/content',
    host_path: '',
    readonly: true,
    image: { image: 'sha256:2', user_specified_image: 'content:1' },
    image_sub_path: 'data',
  });
});

t.test('mounts translate owners for a pod with users of its own', async (t) => {
  const ids = [{ host_id: 131_072, container_id: 0, length: 65_536 }];
  const users = { mode: NamespaceMode.POD, uids: ids, gids: ids };
  const own = configOf({}, {}, { namespaces: namespacesOf(podOf(), '', users) });
  t.match(own.linux?.security_context?.namespace_options, { userns_options: users });
  t.equal(own.mounts?.length, 2);
  for (const mount of own.mounts ?? []) t.match(mount, { uidMappings: ids, gidMappings: ids });
  t.notOk(configOf({}).mounts?.some((mount) => 'uidMappings' in mount));
});

t.test('a container is told to the runtime with all that a restart has to know', async (t) => {
  const config = configOf({
    command: ['echo', '$(WHO)'],
    lifecycle: { preStop: { sleep: { seconds: 1 } }, stopSignal: 'SIGUSR1' },
    resources: { requests: { cpu: '250m' }, limits: { cpu: '500m', memory: '64Mi' } },
  });
  t.match(config, {
    metadata: { name: 'main', attempt: 2 },
    command: ['echo', 'me'],
    log_path: 'main/2.log',
    labels: { 'io.kubernetes.container.name': 'main', 'io.kubernetes.pod.uid': 'u1' },
    annotations: {
      'io.kubernetes.container.restartCount': '2',
      'keelson.io/back-off-seconds': '20',
      'io.kubernetes.container.preStopHandler': '{"sleep":{"seconds":1}}',
    },
    linux: {
      resources: {
        cpu_shares: 256,
        cpu_period: 100_000,
        cpu_quota: 50_000,
        memory_limit_in_bytes: 64 * 1024 * 1024,
      },
    },
    mounts: [
      { container_path: '/etc/hosts', host_path: '/pod/etc-hosts' },
      { container_path: '/dev/termination-log', host_path: '/pod/message' },
    ],
  });
  t.ok((config.stop_signal ?? 0) > 0);
});

t.test("a container's security is its own before its pod's", async (t) => {
  const own = configOf(
    {
      securityContext: {
        runAsUser: 7,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      },
    },
    { securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } },
  ).linux?.security_context;
  t.match(own, {
    run_as_user: { value: 7 },
    run_as_group: { value: 2 },
    supplemental_groups: [4, 3],
    readonly_rootfs: true,
    no_new_privs: true,
    capabilities: { add_capabilities: ['NET_ADMIN'], drop_capabilities: ['ALL'] },
    seccomp: { profile_type: ProfileType.Unconfined },
  });
  t.same(own?.masked_paths, maskedPaths, 'those of the runtime');
  const privileged = configOf({ securityContext: { privileged: true } }).linux?.security_context;
  t.same(privileged?.masked_paths, []);
});

t.test('who must not be root is checked against the image', async (t) => {
  const pod = podOf();
  const container = { name: 'main', securityContext: { runAsNonRoot: true } };
  const image = { id: 'x', repo_tags: [], repo_digests: [], size: 1, pinned: false };
  const check = (more: object) => () =>
    containerSecurity(
      { pod, container, image: { ...image, username: '', ...more } },
      none,
      security,
    );
  const none = namespacesOf(pod);
  t.throws(check({}), { message: /image will run as root/ });
  t.throws(check({ uid: { value: 0 } }), { message: /image will run as root/ });
  t.throws(check({ username: 'app' }), { message: /non-numeric user \(app\)/ });
  t.match(check({ uid: { value: 5 } })(), { run_as_user: { value: 5 } });
  const path = { type: 'Localhost', localhostProfile: '../x' };
  const escaping = { name: 'main', securityContext: { seccompProfile: path } };
  t.throws(
    () => containerSecurity({ pod, container: escaping, image: undefined }, none, security),
    { message: /is not a path below/ },
  );
});

t.test("namespaces of the node, the pod and one's neighbour", async (t) => {
  const { NODE, POD, CONTAINER, TARGET } = NamespaceMode;
  t.match(namespacesOf(podOf()), { network: POD, pid: CONTAINER, ipc: POD });
  t.match(namespacesOf(podOf({ hostNetwork: true, hostPID: true })), { network: NODE, pid: NODE });
  t.match(namespacesOf(podOf({ shareProcessNamespace: true })), { pid: POD });
  t.match(namespacesOf(podOf(), 'abc'), { pid: TARGET, target_id: 'abc' });
});

t.test('names are resolved as the policy says', async (t) => {
  const folder = t.testdir({ resolv: 'nameserver 1.1.1.1\nsearch lan .\noptions edns0 ndots:1\n' });
  const settings = {
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    resolverFile: `${folder}/resolv`,
  };
  t.same(dnsOf(podOf(), settings), {
    servers: ['10.96.0.10'],
    searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'lan'],
    options: ['ndots:5'],
  });
  const node = { servers: ['1.1.1.1'], searches: ['lan'], options: ['edns0', 'ndots:1'] };
  t.same(dnsOf(podOf({ dnsPolicy: 'Default' }), settings), node);
  t.same(dnsOf(podOf({ hostNetwork: true }), settings), node);
  const policy = { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' };
  t.match(dnsOf(podOf(policy), settings), { servers: ['10.96.0.10'] });
  const own = { nameservers: ['9.9.9.9'], options: [{ name: 'ndots', value: '2' }] };
  t.same(dnsOf(podOf({ dnsPolicy: 'None', dnsConfig: own }), settings), {
    servers: ['9.9.9.9'],
    searches: [],
    options: ['ndots:2'],
  });
});

t.test(
  "a pod asks whom systemd-resolved's stub asks, where it cannot reach the stub",
  async (t) => {
    const files = { stub: 'nameserver 127.0.0.53\nsearch lan\n', real: 'nameserver 9.9.9.9\n' };
    const folder = t.testdir(files);
    const common = { clusterDns: ['10.96.0.10'], clusterDomain: 'cluster.local' };
    const settings = {
      ...common,
      resolverFile: `${folder}/stub`,
      behindStubFile: `${folder}/real`,
    };
    const pod = podOf({ dnsPolicy: 'Default' });
    t.match(dnsOf(pod, settings), { servers: ['9.9.9.9'], searches: ['lan'] });
    t.match(dnsOf(podOf({ hostNetwork: true }), settings), { servers: ['127.0.0.53'] });
    const without = { ...settings, behindStubFile: `${folder}/none` };
    t.match(dnsOf(pod, without), { servers: ['127.0.0.53'] });
    t.match(dnsOf(podOf(), settings), { servers: ['10.96.0.10'] });
  },
);

t.test('the hosts file names the pod and its aliases', async (t) => {
  const hostAliases = [{ ip: '10.0.0.1', hostnames: ['a', 'b'] }];
  const pod = podOf({ hostAliases, hostname: 'one', subdomain: 'sub' });
  const text = hostsFile(pod, ['10.1.0.5'], 'cluster.local');
  t.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
  t.ok(text.includes('10.1.0.5\tone.sub.default.svc.cluster.local\tone\n'));
  t.ok(text.endsWith('# Entries added by HostAliases.\n10.0.0.1\ta\tb\n'));
});

t.test('a sandbox has the ports of all its containers, unless they are the node’s', async (t) => {
  const settings = { clusterDns: [], clusterDomain: '', resolverFile: '', logFolder: '/logs' };
  const place = { attempt: 0, cgroup: '/kubepods/x' };
  const containers = [{ name: 'a', ports: [{ containerPort: 80, hostPort: 8080 }] }];
  t.match(sandboxConfig(podOf({ containers }), place, settings), {
    hostname: 'web',
    log_directory: '/logs/default_web_u1',
    port_mappings: [{ container_port: 80, host_port: 8080 }],
    linux: { cgroup_parent: '/kubepods/x' },
  });
  const host = sandboxConfig(podOf({ containers, hostNetwork: true }), place, settings);
  t.match(host, { hostname: '', port_mappings: [] });
});
