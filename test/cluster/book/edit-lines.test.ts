import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';
import { manifests } from './manifests.ts';

const kubectls = findPrograms();
if (kubectls.length === 0) {
  t.plan(0, 'no kubectl on this machine');
  process.exit();
}
const all = process.env['KEELSON_ALL_KUBECTLS'] !== undefined;
const tried = all ? kubectls : kubectls.slice(-1);
t.setTimeout(tried.length * 300_000);

const replicaSet = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'a', image: 'x' }] },
    },
  },
};
const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'nginx' },
  spec: { controller: 'a.b/c' },
};

/** Lines that need an editor, a kubeconfig of their own, or nothing but the server. */
for (const program of tried) {
  t.test(`${basename(program)} edits, replaces and looks around`, async (t) => {
    await using server = await ScratchServer.start();
    const editor = server.manifest('editor', '#!/bin/sh\nsed -i s/mongo:3.3/mongo:3.4/ "$1"\n');
    chmodSync(editor, 0o755);
    const env = { ...server.settings.env, KUBE_EDITOR: editor };
    const run = async (...args: readonly string[]): Promise<string> => {
      const { stdout, stderr } = await promisify(execFile)(program, server.arguments(args), {
        env,
      }).catch((error: { stdout: string; stderr: string }) => error);
      return stdout + stderr;
    };
    const shows = async (shown: RegExp, args: readonly string[]): Promise<void> => {
      t.match(await run(...args), shown, args.join(' '));
    };
    const pod = server.manifest('pod.yml', manifests['pod.yml'] ?? '');
    await shows(/^pod\/go-demo-2 created\n$/, ['create', '-f', pod, '--save-config']);
    await shows(/^pod\/go-demo-2 edited\n$/, ['edit', 'pod', 'go-demo-2']);
    await shows(/^mongo:3\.4$/, ['get', '-f', pod, '-o', 'jsonpath={.spec.containers[0].image}']);
    await shows(/^Edit cancelled, no changes made\.\n$/, ['edit', 'pod', 'go-demo-2']);
    await shows(/^pod "go-demo-2" (force )?deleted.*\npod\/go-demo-2 replaced\n$/, [
      'replace',
      '--force',
      '--grace-period=0',
      '-f',
      pod,
    ]);
    await shows(/^mongo:3\.3$/, ['get', '-f', pod, '-o', 'jsonpath={.spec.containers[0].image}']);

    const set = server.manifest('set.json', JSON.stringify(replicaSet));
    await shows(/^replicaset\.apps\/web created\n$/, ['create', '-f', set]);
    await shows(/^replicaset\.apps\/web replaced\n$/, ['replace', '-f', set]);
    await shows(/^service\/web-svc exposed\n$/, [
      'expose',
      'rs',
      'web',
      '--name=web-svc',
      '--port=28017',
      '--type=NodePort',
    ]);
    await shows(/Selector: +a=b\n(.*\n)*TargetPort: +28017\/TCP/, ['describe', 'svc', 'web-svc']);

    const nginx = server.manifest('class.json', JSON.stringify(ingressClass));
    await shows(/nginx created\n$/, ['create', '-f', nginx]);
    await shows(/^ingressclass\.networking\.k8s\.io\/nginx annotated\n$/, [
      'annotate',
      'ingressclass',
      'nginx',
      'ingressclass.kubernetes.io/is-default-class=true',
    ]);

    await shows(/^.*is running at /, ['cluster-info']);
    await shows(/"kind": "(Node|Event|ReplicationController)List",?\n(.*\n)*.*"kind": "PodList"/, [
      'cluster-info',
      'dump',
      '--namespaces=default',
    ]);
    await shows(/^Context "dev" created\.\n$/, ['config', 'set-context', 'dev', '--namespace=dev']);
    await shows(/^Switched to context "dev"\.\n$/, ['config', 'use-context', 'dev']);
    await shows(/^dev\n$/, ['config', 'current-context']);
    await shows(/namespace: dev\n(.*\n)*current-context: dev\n/, ['config', 'view']);
  });
}
