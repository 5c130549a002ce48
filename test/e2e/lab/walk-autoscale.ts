/** Chapter 7: as many pods as are used. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { container, workload } from './objects.ts';

export async function walkAutoscale(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('S7.4 an idle Deployment shrinks, a busy one grows', async (t) => {
    const resources = { requests: { cpu: '100m', memory: '16Mi' } };
    const script = 'trap exit TERM; while :; do [ -e /tmp/busy ] || sleep 1; done';
    const template = { containers: [container('web', script, { resources })] };
    await lab.apply(workload('Deployment', 'web', { replicas: 3, template }));
    await lab.type('rollout status deployment web --timeout=180s');
    const target = { type: 'Utilization', averageUtilization: 50 };
    const scaleDown = { stabilizationWindowSeconds: 20 };
    await lab.apply({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 4,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
        behavior: { scaleDown },
      },
    });
    const row = 'get hpa web --no-headers';
    t.match(await lab.sees(row, /\d+%\/50%/), /^web +Deployment\/web +(cpu: )?\d+%\/50% +1 +4 +/);
    await lab.sees('get deployment web --no-headers', /^web +1\/1 +1 /);
    const events = await lab.sees('describe hpa web', /SuccessfulRescale/);
    t.match(events, /New size: 1; reason: All metrics below target/);
    t.match(events, /AbleToScale +True/);
    t.match(events, /ScalingActive +True +ValidMetricFound/);
    await lab.type('exec deployment/web -- touch /tmp/busy');
    const grown = await lab.sees('get deployment web --no-headers', /^web +[234]\/[234] /);
    t.match(grown, /^web +[234]\/[234] /);
    t.match(await lab.sees('describe hpa web', /above target/), /cpu resource utilization/);
    await lab.type('delete hpa/web deployment/web --timeout=60s');
    await lab.sees('get pods -l app=web -o name', /^$/);
  });
}
