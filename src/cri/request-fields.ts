/** Fields of requests and answers that say what a call is about, and their names in the log. */
const subjects = {
  pod_sandbox_id: 'pod',
  container_id: 'container',
  image_ref: 'image',
} as const;

/** Of a request or an answer; never its environment, arguments, annotations or credentials. */
export function subjectOf(message: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  if (typeof message !== 'object' || message === null) return fields;
  for (const [field, name] of Object.entries(subjects)) {
    const value = (message as Record<string, unknown>)[field];
    if (typeof value === 'string' && value !== '') fields[name] = value.slice(0, 128);
  }
  return fields;
}

/** What changes the node is told of at once; what looks at it, every second, only on demand. */
const changing = new Set(
  (
    'RunPodSandbox StopPodSandbox RemovePodSandbox UpdatePodSandboxResources CreateContainer ' +
    'StartContainer StopContainer RemoveContainer UpdateContainerResources CheckpointContainer ' +
    'CheckpointPod RestorePod PullImage RemoveImage Exec Attach PortForward'
  ).split(' '),
);

/** By the path of a method, `/runtime.v1.RuntimeService/StopContainer`. */
export function levelOf(path: string): 'info' | 'debug' {
  return changing.has(path.slice(path.lastIndexOf('/') + 1)) ? 'info' : 'debug';
}
