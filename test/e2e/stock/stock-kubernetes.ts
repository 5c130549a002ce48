/**
 * Stock Kubernetes on bare nodes of the lab: KEELSON_STOCK_KUBERNETES is a folder with its programs
 * (kubelet; for a control plane kubeadm, kube-apiserver, kube-controller-manager and
 * kube-scheduler, too), which come from outside.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ClusterLab, unable } from '../lab/cluster-lab.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));

export const programs = process.env['KEELSON_STOCK_KUBERNETES'] ?? '';

/** Why a test with these programs cannot run here; undefined when it can. */
export function without(...names: readonly string[]): string | undefined {
  if (programs === '') return 'KEELSON_STOCK_KUBERNETES names no folder with its programs';
  const missing = names.find((name) => !existsSync(`${programs}/${name}`));
  return missing === undefined ? unable() : `${programs} has no ${missing}`;
}

/** What a service manager does: started again when it ends. */
export function kept(command: string, log: string): string {
  return `setsid sh -c 'while :; do ${command}; sleep 0.3; done' </dev/null >>${log} 2>&1 &`;
}

/** keelson's runtime with its plugins and the image `busybox:1`. */
export async function startRuntime(lab: ClusterLab, node: string): Promise<void> {
  const archive = `${lab.folder}/busybox.tar`;
  if (!existsSync(archive)) execFileSync(`${project}/scripts/busybox-image`, [archive]);
  await lab.see(
    node,
    `${project}/scripts/install-cni >/dev/null
    ${kept('keelson runtime --missing-controllers warn', '/var/log/runtime')}
    until keelson version >/dev/null 2>&1; do sleep 0.1; done
    keelson import --change 'CMD ["sh"]' ${archive} busybox:1`,
  );
}

export interface KubeletFlags {
  readonly configuration: string;
  /** Where the kubelet keeps its credentials, and how it gets them. */
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig: string;
  readonly address: string;
  /** In shell words. */
  readonly more?: string;
}

/**
 * The stock kubelet, kept running from when its configuration is there. It would set flags of the
 * kernel, which are the whole machine's: it sees them as it wants them, and
 * {@link onBareNodes} has it look only.
 */
export async function startStockKubelet(
  lab: ClusterLab,
  node: string,
  flags: KubeletFlags,
): Promise<void> {
  const { configuration, kubeconfig, bootstrapKubeconfig, address, more = '' } = flags;
  const wanted = [
    'vm/overcommit_memory=1',
    'vm/panic_on_oom=0',
    'kernel/panic=10',
    'kernel/panic_on_oops=1',
    'kernel/keys/root_maxkeys=1000000',
    'kernel/keys/root_maxbytes=25000000',
  ];
  const script = `mount --make-private /proc
    mkdir -p /run/flags
    for flag in ${wanted.join(' ')}; do
      file=/run/flags/$(echo "\${flag%=*}" | tr / _)
      echo "\${flag#*=}" >"$file"
      mount --bind "$file" "/proc/sys/\${flag%=*}"
    done
    while :; do
      if [ -e ${configuration} ]; then
        ${programs}/kubelet --config=${configuration} --kubeconfig=${kubeconfig} ${more} \\
          --bootstrap-kubeconfig=${bootstrapKubeconfig} --hostname-override=${node} \\
          --node-ip=${address} --v=2
      fi
      sleep 0.3
    done`;
  await lab.see(
    node,
    `cat >/run/stock-kubelet <<'END'\n${script}\nEND
    setsid unshare --mount --propagation unchanged sh /run/stock-kubelet \
      </dev/null >>/var/log/kubelet 2>&1 &`,
  );
}

/** For the stock kubelet: what a node without controllers in its cgroup v2 cannot have. */
export const onBareNodes = {
  failSwapOn: false,
  cgroupsPerQOS: false,
  enforceNodeAllocatable: ['none'],
  protectKernelDefaults: true,
};

/** As kubeadm writes it, for either kubelet. */
export const kubeletConfiguration = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: '/etc/keelson/authority.crt' },
  },
  authorization: { mode: 'Webhook' },
  clusterDNS: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
  containerRuntimeEndpoint: 'unix:///run/keelson/cri.sock',
  staticPodPath: '/etc/keelson/manifests',
  fileCheckFrequency: '1s',
  rotateCertificates: true,
  failSwapOn: false,
};

/** What a machine joins by: the authority's certificate in PEM, and a bootstrap token. */
export function bootstrapKubeconfig(server: string, authority: string, token: string): string {
  const data = Buffer.from(authority).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });
}

/** A file on a node, with its folder. */
export async function put(
  lab: ClusterLab,
  node: string,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<void> {
  await lab.see(node, `mkdir -p "$(dirname ${path})"\ncat >${path} <<'END'\n${text}\nEND`);
}
