import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Stored } from '../../../../src/api/client/client.ts';
import type { Pod } from '../../../../src/api/types/generated/core-v1.ts';
import { readMounts } from '../../../../src/kernel/mountinfo.ts';
import { withoutRoot } from '../../skip.ts';
import { untilStopped, VolumeNode } from './volume-node.ts';

t.setTimeout(300_000);

/** What needs no server: a folder on disk, one in memory, files in memory, and a part of one. */
const pod: Stored<Pod> = {
  metadata: {
    name: 'web',
    namespace: 'default',
    uid: 'uid-1',
    labels: { app: 'web' },
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    securityContext: { fsGroup: 77 },
    containers: [
      {
        name: 'main',
        image: 'a',
        volumeMounts: [
          { name: 'disk', mountPath: '/disk', subPath: 'a/b' },
          { name: 'memory', mountPath: '/memory', subPath: 'c' },
          { name: 'labels', mountPath: '/labels' },
        ],
      },
    ],
    volumes: [
      { name: 'disk', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory' } },
      {
        name: 'labels',
        downwardAPI: {
          items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }],
          defaultMode: 0o644,
        },
      },
    ],
  },
};

t.test(
  'killed at any step, the next process makes and removes all',
  { skip: withoutRoot },
  async (t) => {
    const node = await VolumeNode.start(t);
    const source = new URL('../../../../src/', import.meta.url).href;
    const script = `
    const { openPodVolumes } = await import('${source}kubelet/volume/open-pod-volumes.ts');
    const pod = ${JSON.stringify(pod)};
    const volumes = await openPodVolumes({
      folder: ${JSON.stringify(join(node.path, 'kubelet'))},
      localFolder: ${JSON.stringify(join(node.path, 'local'))},
      client: undefined,
      nodeName: 'host01',
      allocatable: () => new Map(),
    });
    console.log('begun');
    for (;;) {
      await volumes.prepare(pod, new AbortController().signal);
      await volumes.mountsOf(pod, pod.spec.containers[0], new Map());
      await volumes.remove('uid-1');
    }`;
    const [container] = pod.spec?.containers ?? [];
    if (container === undefined) throw new Error('no container');
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
      await new Promise((resolve) => setTimeout(resolve, 11 + 13 * round));
      child.kill('SIGKILL');
      await ended;
      const volumes = await node.again(t, { client: undefined });
      if (round % 2 === 0) {
        await volumes.prepare(pod, untilStopped);
        const mounts = await volumes.mountsOf(pod, container, new Map());
        t.same(
          readdirSync(mounts[2]?.hostPath ?? '').filter((name) => !name.startsWith('..')),
          ['labels'],
        );
        t.equal(
          readMounts().filter(({ mountPoint }) => mountPoint.startsWith(node.path)).length,
          4,
        );
      }
      await volumes.remove('uid-1');
      t.same(readdirSync(join(node.path, 'kubelet/pods')), []);
      t.notOk(readMounts().some(({ mountPoint }) => mountPoint.startsWith(node.path)));
    }
  },
);
