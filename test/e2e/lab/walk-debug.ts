/** Chapter 10: pods that find no room, programs that crash, and what is found out about them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { container, pod, workload } from './objects.ts';

function sleeps(cpu: string): object {
  const script = 'trap exit TERM; sleep 36000 & wait';
  const resources = { requests: { cpu } };
  return pod('sleep', {
    containers: ['one', 'two'].map((name) => container(name, script, { resources })),
  });
}

export async function walkRoom(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S10.2 requests that no node has room for', async (t) => {
    await lab.apply(sleeps('1000'));
    const event = /0\/3 nodes are available: 3 Insufficient cpu\./;
    t.match(await lab.sees('describe pod sleep', event), /FailedScheduling/);
    t.match(await lab.type('get pod sleep --no-headers'), /0\/2 +Pending +0/);
    await lab.sees('top nodes --no-headers', /^host01 /m);
    const refused = await lab.apply(sleeps('100m')).catch(String);
    t.match(refused, /Pod "sleep" is invalid: spec: Forbidden: pod updates may not change/);
    await lab.type('delete pod sleep --timeout=60s');
    await lab.apply(sleeps('100m'));
    await lab.type('wait --for=condition=Ready pod/sleep --timeout=180s');
    const node = await lab.type('get pod sleep -o jsonpath={.spec.nodeName}');
    t.match(await lab.type(`describe node ${node}`), / sleep +200m \(\d+%\) /);
    await lab.type('delete pod sleep --timeout=60s');
  });
}

export async function walkCrash(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S10.5, S10.6 a program that crashes, and a debugger beside it', async (t) => {
    await bringCrasher(lab);
    const image = { image: 'crasher:1', imagePullPolicy: 'Never' };
    const template = { containers: [{ name: 'crasher', ...image }] };
    await lab.apply(workload('Deployment', 'crasher', { template }));
    const ended = '{.items[0].status.containerStatuses[0].lastState.terminated.exitCode}';
    t.equal(await lab.sees(`get pods -l app=crasher -o jsonpath=${ended}`, /\d/), '139');
    await lab.sees('get pods -l app=crasher --no-headers', /CrashLoopBackOff/);
    t.equal(await lab.type('logs deployment/crasher'), '', 'it had no time to say anything');
    const change = 's|^\\( *\\)- image: crasher:1|&\\n\\1  args: [/bin/sleep, infinity]|';
    await edit(lab, 'deployment/crasher', change);
    await lab.type('rollout status deployment crasher --timeout=180s');
    const crash = await lab.try('exec', 'deployment/crasher', '--', 'sh', '-c', 'crasher; echo $?');
    t.match(crash.stdout + crash.stderr, /139/);
    const traced = await lab.try('exec', 'deployment/crasher', '--', 'strace', 'crasher');
    t.match(traced.stderr, /SIGSEGV/, 'the default profile lets a process trace its child');
    // What a debugger serves on the pod's loopback is reached from outside by kubectl alone.
    const serve = 'mkdir -p /www; echo waiting >/www/index.html; httpd -p 127.0.0.1:2345 -h /www';
    await lab.kubectl('exec', 'deployment/crasher', '--', 'sh', '-c', serve);
    const answer = await lab.see(
      'host01',
      `export PATH=/run/bin:$PATH
      kubectl port-forward deployment/crasher 2345:2345 >/run/forward.log 2>&1 &
      for try in $(seq 600); do
        curl -fsS --max-time 5 http://127.0.0.1:2345/ 2>/dev/null && break
        sleep 0.2
      done
      kill $!`,
    );
    t.equal(answer, 'waiting');
    t.match(
      await lab.see('host01', 'cat /run/forward.log'),
      'Forwarding from 127.0.0.1:2345 -> 2345',
    );
    await lab.type('delete deployment crasher --timeout=60s');
  });
}

/** `kubectl edit`, with sed for somebody who types. */
async function edit(lab: ClusterLab, object: string, change: string): Promise<void> {
  const script = `#!/bin/sh\nsed -i '${change}' "$1"\n`;
  await lab.see(
    'host01',
    `printf %s '${script.replaceAll("'", `'\\''`)}' >/run/editor; chmod +x /run/editor`,
  );
  const said = await lab.see(
    'host01',
    `PATH=/run/bin:$PATH KUBE_EDITOR=/run/editor kubectl edit ${object}`,
  );
  if (!said.includes('edited')) throw new Error(`kubectl edit: ${said}`);
}

/** An image with a program that reads where nothing is, and with strace as the machine has it. */
async function bringCrasher(lab: ClusterLab): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/keelson-crasher-`);
  try {
    writeFileSync(`${folder}/crasher.c`, 'int main(void) { return *(volatile int *)0; }\n');
    execFileSync('gcc', ['-O0', '-g', '-static', '-o', `${folder}/crasher`, `${folder}/crasher.c`]);
    execFileSync('bash', ['-ec', packScript], { env: { ...process.env, FOLDER: folder } });
    execFileSync('cp', [`${folder}/image.tar`, `${lab.folder}/crasher.tar`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const load = `keelson import --change 'CMD ["/bin/crasher"]' ${lab.folder}/crasher.tar crasher:1`;
  await Promise.all(['host01', 'host02', 'host03'].map((node) => lab.see(node, load)));
}

const packScript = `
  cd "$FOLDER"
  mkdir -p root/bin root/tmp
  cp /bin/busybox root/bin/
  for name in sh sleep httpd mkdir; do ln root/bin/busybox root/bin/$name; done
  cp crasher root/bin/
  strace=$(command -v strace)
  cp "$strace" root/bin/strace
  ldd "$strace" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "root\${library%/*}"
    cp -L "$library" "root$library"
  done
  tar -C root -cf image.tar .`;
