/** Objects that the walkthroughs apply; all of them run the one image that the lab has. */

export const image = 'docker.io/library/busybox:latest';

interface PodSpec {
  readonly containers: readonly object[];
  readonly [field: string]: unknown;
}

/** A container of the lab's image. */
export function container(name: string, script: string, more: object = {}): object {
  const command = ['sh', '-c', script];
  return { name, image, imagePullPolicy: 'IfNotPresent', command, ...more };
}

/** A web server on port 80 that says where it runs, and ends at once when it is told to. */
export function server(more: object = {}): object {
  const script =
    'trap exit TERM; mkdir -p /www; hostname >/www/index.html; httpd -f -p 80 -h /www & wait';
  return container('nginx', script, { ports: [{ containerPort: 80 }], ...more });
}

export function sleeper(more: object = {}): object {
  return container('sleep', 'trap exit TERM; sleep 36000 & wait', more);
}

export function pod(name: string, spec: PodSpec, metadata: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name }, ...metadata },
    spec: { terminationGracePeriodSeconds: 5, ...spec },
  };
}

/** Deployment, ReplicaSet, StatefulSet or DaemonSet of apps/v1. */
export function workload(
  kind: string,
  name: string,
  { replicas, template, ...more }: { replicas?: number; template: PodSpec; [f: string]: unknown },
): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, labels },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 5, ...template } },
      ...more,
    },
  };
}

export function service(name: string, spec: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  };
}
