/** What the kubelet's API tells of use, over a runtime of our own. */
import t from 'tap';
import { succeeds } from '../cluster/kubelet/succeeds.ts';
import { asAdmin, pods, runPod } from './served-node.ts';

t.setTimeout(300_000);

t.test('statistics tell what node, pods and containers use', async (t) => {
  await runPod('counted', ['sleep', '1000']);
  const { text } = await succeeds(async () => {
    const answer = await asAdmin('/stats/summary');
    if (answer.status !== 200) throw new Error(answer.text);
    return answer;
  });
  const summary = JSON.parse(text) as Record<string, Record<string, unknown>>;
  t.match(summary['node'], {
    nodeName: 'host01',
    cpu: { usageCoreNanoSeconds: Number },
    memory: { workingSetBytes: Number, availableBytes: Number },
    fs: { capacityBytes: Number, inodesFree: Number },
    rlimit: { maxpid: Number },
  });
  const told = summary['pods'] as unknown as { podRef: { uid: string } }[];
  t.ok(told.some(({ podRef }) => pods.findByUid(podRef.uid) !== undefined));
  t.match(told[0], { containers: [{ name: 'main', rootfs: { usedBytes: Number } }] });
  const resource = (await asAdmin('/metrics/resource')).text;
  t.match(resource, /^node_cpu_usage_seconds_total \d/m);
  t.match(resource, /^resource_scrape_error 0$/m);
  const advisor = (await asAdmin('/metrics/cadvisor')).text;
  t.match(advisor, /^container_cpu_usage_seconds_total\{container="main".*namespace="default"/m);
  t.match(advisor, /^container_threads\{.*name="[0-9a-f]{64}".*container="main".*\} 1 \d{13}$/m);
  t.match(advisor, /^container_spec_cpu_shares\{/m);
  const families = advisor.match(/^# TYPE \S+/gm) ?? [];
  t.equal(new Set(families).size, families.length, 'each family is told once');
  const own = await asAdmin('/metrics');
  t.match(own.text, /^kubelet_running_containers\{container_state="running"\} [1-9]/m);
  t.match(own.text, /^kubelet_node_name\{node="host01"\} 1$/m);
  t.match(await asAdmin('/metrics/probes'), { status: 200, text: '' });
});
