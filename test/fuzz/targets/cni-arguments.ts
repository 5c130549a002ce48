import { parseRequest } from '../../../src/cni/parse-request.ts';
import { hostLocal } from '../../../cni-plugins/host-local/host-local.ts';
import { parseConfiguration } from '../../../cni-plugins/host-local/configuration.ts';
import { refusing } from '../cni-refusal.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const invoke = () => () => Promise.reject(new Error('nobody is called'));

/** CNI_ARGS, container id and interface name, which pass through a pod's labels and names. */
export const target: FuzzTarget = {
  run(input) {
    const [args = '', containerId = '', interfaceName = ''] = input.toString('utf8').split('\n');
    const environment = {
      CNI_COMMAND: 'ADD',
      CNI_ARGS: args,
      CNI_CONTAINERID: containerId,
      CNI_IFNAME: interfaceName,
      CNI_NETNS: '/run/netns/absent',
      CNI_PATH: '/opt/cni/bin',
    };
    const ipam = { type: 'host-local', ranges: [[{ subnet: '10.0.0.0/24' }]] };
    const config = { cniVersion: '1.1.0', name: 'net', ipam };
    const request = refusing(() => parseRequest(hostLocal, { environment, input: config, invoke }));
    hold(!/[/\0\s]/.test(request.containerId), 'an id is a file name');
    hold(Buffer.byteLength(request.interfaceName) <= 15, 'a name that the kernel takes');
    hold(!/[/:\s\0]/.test(request.interfaceName), 'a name that leads nowhere');
    refusing(() => parseConfiguration(request));
  },
  seeds: [
    'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;IP=10.0.0.5\nabc123\neth0',
    'IP=10.0.0.5/24\nc.d_e-f\nnet1',
    'MAC=02:00:00:00:00:01;A==;B\n..\n.',
  ],
  words: ['IP=', ';', '=', 'IgnoreUnknown=true', '/24', '::1', '..', '\0', '\n', 'é'],
};
