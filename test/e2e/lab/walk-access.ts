/** Chapters 11 and 14: who may ask for what, limits and quotas; and what the store holds (16.4). */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { container, pod, sleeper, workload } from './objects.ts';

const api = 'https://192.168.61.11:6443';
const root = '/var/lib/keelson/coordinator';
const rbac = 'rbac.authorization.k8s.io';

/** A line of curl on another node; its answer, whatever its code. */
function asks(lab: ClusterLab, path: string, more: string): Promise<string> {
  const code = String.raw`-w '\n%{http_code}'`;
  return lab.see('host02', `curl -sS --max-time 30 ${code} ${more} ${api}${path} 2>&1 || true`);
}

export async function walkAccess(t: Test, lab: ClusterLab): Promise<void> {
  const trusted = '--cacert /etc/keelson/authority.crt';

  await t.test('S11.1 who is not known', async (t) => {
    t.match(
      await asks(lab, '/api/v1/pods', ''),
      /SSL certificate problem|unable to get local issuer/,
    );
    t.match(await asks(lab, '/api/v1/pods', '-k'), /"kind": ?"Status"[^]*\n40[13]$/);
    t.match(await asks(lab, '/api/v1/pods', trusted), /"kind": ?"Status"[^]*\n40[13]$/);
    t.match(await asks(lab, '/version', trusted), /"gitVersion"[^]*\n200$/);
  });

  await t.test('S11.3 a bootstrap token asks for a certificate and for nothing else', async (t) => {
    const token = /^(?:.* )?([a-z0-9]{6}\.[a-z0-9]{16}):/m.exec(
      await lab.see('host01', 'keelson token'),
    )?.[1];
    const secret = `bootstrap-token-${token?.slice(0, 6)}`;
    const type = await lab.type(`get secret -n kube-system ${secret} -o jsonpath={.type}`);
    t.equal(type, 'bootstrap.kubernetes.io/token');
    const bearer = `${trusted} -H 'Authorization: Bearer ${token}'`;
    const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
    t.match(await asks(lab, requests, bearer), /"CertificateSigningRequestList"[^]*\n200$/);
    const refused = await asks(lab, '/api/v1/pods', bearer);
    t.match(refused, /User \\"system:bootstrap:[^]*cannot list resource \\"pods\\"[^]*\n403$/);
  });

  await t.test('S11.4 a service account reads the pods of its own namespace', async (t) => {
    await lab.type('create namespace sample');
    await lab.apply(
      {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'read-pods', namespace: 'sample' },
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRole',
        metadata: { name: 'pod-reader' },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'watch', 'list'] }],
      },
      binding('read-pods', 'pod-reader', {
        kind: 'ServiceAccount',
        name: 'read-pods',
        namespace: 'sample',
      }),
      pod(
        'asking',
        { serviceAccountName: 'read-pods', containers: [sleeper()] },
        { namespace: 'sample' },
      ),
    );
    await lab.type('wait -n sample --for=condition=Ready pod/asking --timeout=180s');
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    const token = await lab.type(`exec -n sample asking -- cat ${folder}/token`);
    t.equal(await lab.type(`exec -n sample asking -- cat ${folder}/namespace`), 'sample');
    const bearer = `${trusted} -H 'Authorization: Bearer ${token}'`;
    t.match(await asks(lab, '/api/v1/namespaces/sample/pods', bearer), /"asking"[^]*\n200$/);
    t.match(await asks(lab, '/api/v1/namespaces/kube-system/pods', bearer), /\n403$/);
    t.match(await asks(lab, '/apis/apps/v1/namespaces/sample/deployments', bearer), /\n403$/);
  });

  await t.test('S11.2, S11.5 a person with a certificate, and the role edit', async (t) => {
    await lab.see('host01', becomeMe);
    const me = (line: string) => lab.try('--kubeconfig=/run/me.kubeconfig', ...line.split(' '));
    const refused = await me('get pods');
    t.equal(
      refused.stderr.trim(),
      'Error from server (Forbidden): pods is forbidden: User "me" cannot list resource "pods" ' +
        'in API group "" in the namespace "default"',
    );
    const edit = await lab.type('get clusterrole edit -o yaml');
    for (const word of ['pods/attach', 'pods/exec', 'pods/portforward', 'deletecollection']) {
      t.match(edit, word);
    }
    await lab.apply(binding('editor', 'edit', { kind: 'User', name: 'me', apiGroup: rbac }));
    t.match((await me('get pods -n sample --no-headers')).stdout, /^asking +1\/1 +Running/);
    t.match((await me('get pods -n kube-system')).stderr, /Forbidden/);
    t.equal((await me('delete pod asking -n sample --timeout=120s')).code, 0);
    await lab.type('delete namespace sample --timeout=120s');
    await lab.type('delete clusterrole pod-reader');
    t.match((await me('get pods -n sample')).stderr, /Forbidden/, 'with its namespace it is gone');
  });
}

export async function walkLimits(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S14.1 limits and requests, on the node and in the container', async (t) => {
    const resources = {
      requests: { cpu: '250m', memory: '64Mi' },
      limits: { cpu: '500m', memory: '128Mi' },
    };
    await lab.apply(pod('limited', { nodeName: 'host02', containers: [sleeper({ resources })] }));
    await lab.type('wait --for=condition=Ready pod/limited --timeout=180s');
    const row = /default +limited +250m \(\d+%\) +500m \(\d+%\) +64Mi \(\d+%\) +128Mi \(\d+%\)/;
    t.match(await lab.type('describe node host02'), row);
    const id = '{.status.containerStatuses[0].containerID}';
    const container = (await lab.type(`get pod limited -o jsonpath=${id}`)).replace(/^.*\/\//, '');
    const format = '{{.HostConfig.Memory}} {{.HostConfig.CpuQuota}} {{.HostConfig.CpuPeriod}}';
    const set = await lab.see('host02', `keelson inspect -f '${format}' ${container}`);
    t.equal(set, '134217728 50000 100000');
    await lab.type('delete pod limited --timeout=120s');
  });

  await t.test('S14.3 a quota', async (t) => {
    await lab.type('create namespace counted');
    const hard = {
      'requests.cpu': '1',
      'requests.memory': '256Mi',
      'limits.cpu': '2',
      'limits.memory': '512Mi',
    };
    await lab.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'counted-quota', namespace: 'counted' },
      spec: { hard },
    });
    await lab.sees('describe namespace counted', /requests\.memory +0 +256Mi/);
    const bare = await lab.try('run', '-n', 'counted', 'bare', '--image=busybox:1', '--', 'true');
    t.match(bare.stderr, /forbidden: failed quota: counted-quota: must specify limits.cpu/);
    const resources = {
      requests: { cpu: '100m', memory: '64Mi' },
      limits: { cpu: '100m', memory: '128Mi' },
    };
    const sleep = workload('Deployment', 'sleep', {
      replicas: 12,
      template: { containers: [container('sleep', 'sleep 36000', { resources })] },
    });
    await lab.apply({ ...sleep, metadata: { name: 'sleep', namespace: 'counted' } });
    const ready = 'get deployment sleep -n counted -o jsonpath={.status.readyReplicas}';
    t.equal(await lab.sees(ready, /^4$/), '4', 'as many as 512Mi of limits let in');
    await lab.sees('describe deployment sleep -n counted', /ReplicaFailure +True +FailedCreate/);
    t.match(await lab.type('describe namespace counted'), /limits\.memory +512Mi +512Mi/);
    await lab.type('delete namespace counted --timeout=180s');
  });

  await t.test('S16.4 what the store holds', async (t) => {
    await lab.type('create configmap kept --from-literal=colour=green');
    const key = await lab.see('host01', `python3 - <<'END'\n${readStore}\nEND`);
    t.match(key, /configmaps\/default\/kept$/, 'one row an object, under its path');
    await lab.kubectl('patch', 'configmap', 'kept', '-p', '{"data":{"colour":"blue"}}');
    const past = await lab.see('host01', 'keelson history configmap kept --diff');
    t.match(past, /green[^]*blue|blue[^]*green/, 'and what it was before');
    await lab.type('delete configmap kept');
  });
}

function binding(name: string, role: string, subject: object): object {
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'sample' },
    subjects: [subject],
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
  };
}

const readStore = `
import sqlite3
store = sqlite3.connect("file:${root}/store.db?mode=ro", uri=True)
query = "SELECT key FROM live WHERE key LIKE '%/configmaps/default/kept'"
print(*store.execute(query).fetchone())`;

/** A key, a request that the administrator approves, a kubeconfig: as the book's reader does it. */
const becomeMe = `
  PATH=/run/bin:$PATH
  cd "$(mktemp -d)"
  curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256'
  openssl req -new $curve -nodes -keyout me.key -subj /CN=me -out me.csr 2>/dev/null
  kubectl apply -f - <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: me }
spec:
  request: $(base64 -w 0 me.csr)
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
END
  kubectl certificate approve me
  for try in $(seq 600); do
    kubectl get csr me -o jsonpath={.status.certificate} | base64 -d >me.crt
    [ ! -s me.crt ] || break
    sleep 0.2
  done
  export KUBECONFIG=/run/me.kubeconfig
  authority='--certificate-authority /etc/keelson/authority.crt'
  kubectl config set-cluster lab --server ${api} $authority --embed-certs
  kubectl config set-credentials me --client-key me.key --client-certificate me.crt --embed-certs
  kubectl config set-context me --cluster lab --user me
  kubectl config use-context me`;
