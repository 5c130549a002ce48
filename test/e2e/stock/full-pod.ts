/** One pod with much of what a kubelet asks of a runtime, and what it depends on. */
import { pod } from '../lab/objects.ts';

const image = 'busybox:1';

export function shell(name: string, script: string, more: object = {}): object {
  return { name, image, command: ['sh', '-c', script], ...more };
}

export const forever = 'trap "exit 0" TERM; while :; do sleep 1000 & wait $!; done';

export const dependencies = [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { colour: 'blue', 'app.conf': 'level=1' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'words' },
    stringData: { password: 'xyzzy' },
  },
];

const shared = { name: 'shared', mountPath: '/shared' };
const exec = (script: string) => ({ exec: { command: ['sh', '-c', script] } });

export const fullPod = pod(
  'full',
  {
    terminationGracePeriodSeconds: 2,
    volumes: [
      { name: 'config', configMap: { name: 'settings' } },
      { name: 'secret', secret: { secretName: 'words', defaultMode: 0o400 } },
      { name: 'shared', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
      {
        name: 'all',
        projected: {
          sources: [
            { configMap: { name: 'settings' } },
            { secret: { name: 'words' } },
            {
              downwardAPI: {
                items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }],
              },
            },
            { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
          ],
        },
      },
    ],
    initContainers: [
      shell('init', 'echo from-init >/shared/init', { volumeMounts: [shared] }),
      shell('side', `echo side; ${forever}`, {
        restartPolicy: 'Always',
        startupProbe: { ...exec('test -e /shared/init'), periodSeconds: 1 },
        volumeMounts: [shared],
      }),
    ],
    containers: [
      shell(
        'main',
        `echo started; mkdir /w; hostname >/w/index.html; httpd -p 80 -h /w; ${forever}`,
        {
          ports: [{ containerPort: 80, hostPort: 8888 }],
          env: [
            { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'colour' } } },
            { name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          ],
          startupProbe: { ...exec('wget -qO- localhost'), periodSeconds: 1 },
          readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 },
          livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 20 },
          lifecycle: {
            postStart: exec('echo from-hook >/shared/hook'),
            preStop: exec('echo bye'),
          },
          volumeMounts: [
            shared,
            { name: 'config', mountPath: '/config' },
            { name: 'config', mountPath: '/etc/app.conf', subPath: 'app.conf' },
            { name: 'secret', mountPath: '/secret' },
            { name: 'memory', mountPath: '/memory' },
            { name: 'all', mountPath: '/all' },
          ],
        },
      ),
    ],
  },
  {
    annotations: {
      'kubernetes.io/ingress-bandwidth': '10M',
      'kubernetes.io/egress-bandwidth': '20M',
    },
  },
);

/** With ids of its own, no rights and a shared process namespace. */
export const guardedPod = pod('guarded', {
  shareProcessNamespace: true,
  hostname: 'named',
  subdomain: 'sub',
  terminationGracePeriodSeconds: 1,
  hostAliases: [{ ip: '10.1.2.3', hostnames: ['alias.example'] }],
  securityContext: {
    runAsUser: 1000,
    runAsGroup: 3000,
    fsGroup: 2000,
    supplementalGroups: [4000],
    supplementalGroupsPolicy: 'Strict',
    seccompProfile: { type: 'RuntimeDefault' },
    sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
  },
  volumes: [
    { name: 'data', emptyDir: {} },
    { name: 'image', image: { reference: image, pullPolicy: 'IfNotPresent' } },
  ],
  containers: [
    shell(
      'main',
      `id; hostname -f; ls -ldn /data; grep -h alias /etc/hosts; touch /x; ls /image; ${forever}`,
      {
        volumeMounts: [
          { name: 'data', mountPath: '/data' },
          { name: 'image', mountPath: '/image' },
        ],
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
        },
      },
    ),
  ],
});

/** Its root is nobody outside. */
export const mappedPod = pod('mapped', {
  hostUsers: false,
  terminationGracePeriodSeconds: 1,
  volumes: [{ name: 'data', emptyDir: {} }],
  containers: [
    shell('main', `cat /proc/self/uid_map; echo x >/data/f; ls -ln /data/f; ${forever}`, {
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    }),
  ],
});

export const failingPod = pod('failing', {
  terminationGracePeriodSeconds: 1,
  containers: [
    shell('ends', 'echo why >/dev/termination-log; exit 7'),
    shell('logs', 'echo lastline; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
    { name: 'absent', image, command: ['no-such-program'] },
    { name: 'imageless', image: 'no-such.invalid/x:1' },
  ],
});
