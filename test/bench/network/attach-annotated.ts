/**
 * `attach-annotated CONFLIST NAMESPACE ANNOTATIONS`: attaches a pod as the runtime does, its limits
 * read from the annotations that a kubelet passes on. Prints the result.
 */
import { plugins } from '../../../cni-plugins/registry.ts';
import { builtinInvoker } from '../../../src/cni/builtin-invoker.ts';
import { loadNetwork } from '../../../src/cni/discovery.ts';
import { Network } from '../../../src/cni/network.ts';
import { ResultCache } from '../../../src/cni/result-cache.ts';
import { PodSandboxConfig } from '../../../src/cri/generated/runtime.ts';
import { decode, encode } from '../../../src/grpc/codec.ts';
import { planAttachment } from '../../../src/cri/plan/plan-attachment.ts';

const [conflist = '', namespace = '', annotations = '{}'] = process.argv.slice(2);
const sent = encode(PodSandboxConfig, {
  annotations: JSON.parse(annotations) as Record<string, string>,
});
const plan = planAttachment(namespace, decode(PodSandboxConfig, sent));
const network = new Network(await loadNetwork(conflist), {
  invoke: builtinInvoker({ plugins })(['/nowhere']),
  cache: new ResultCache(`${conflist}.results`),
});
const result = await network.add({
  containerId: namespace,
  interfaceName: 'eth0',
  netns: `/run/netns/${namespace}`,
  arguments: plan.arguments ?? {},
  capabilityArguments: plan.capabilityArguments ?? {},
});
console.log(JSON.stringify(result.addresses.map(({ address }) => address)));
process.exit(0);
