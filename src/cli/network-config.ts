import {
  logLevelSetting,
  parseSettings,
  pathSetting,
  resolveSettings,
  type Setting,
  type SettingSources,
} from '../base/settings.ts';
import { runtimeSections } from '../cri/config.ts';

/** What the node's network agent is told by its file, its environment and its flags. */
export interface NetworkConfig {
  /** State that outlives a reboot; the ledger is in `ledger` there. */
  readonly root: string;
  /** What ends with a reboot. */
  readonly run: string;
  /** Where the coordinator is: the kubelet's own, unless `nodes` is given. */
  readonly kubeconfig: string;
  /** A file with the cluster's nodes, where there is no coordinator. */
  readonly nodes: string;
  /** Empty for the machine's. */
  readonly nodeName: string;
  readonly mode: 'vxlan' | 'routed';
  readonly crossSubnet: 'yes' | 'no';
  readonly vni: string;
  readonly port: string;
  /** 0 for what fits. */
  readonly mtu: string;
  readonly masquerade: 'yes' | 'no';
  readonly attach: 'ptp' | 'bridge' | 'proxy';
  /** Where the runtime looks for networks. */
  readonly cniConfig: string;
  /** Where the addresses of Services are from; several parted by commas. */
  readonly serviceCidr: string;
  /** The node's DNS answers at these. */
  readonly clusterDns: string;
  readonly clusterDomain: string;
  /** Who is asked for names outside; empty for whom the host asks. */
  readonly dnsUpstreams: string;
  /** Whether this node serves Ingresses, once the cluster has a class for them. */
  readonly ingress: 'yes' | 'no';
  readonly ingressHttp: string;
  readonly ingressHttps: string;
  /** Each request stands in the log. */
  readonly ingressLog: 'yes' | 'no';
  /** Where the proxy tells its numbers; empty for nowhere. */
  readonly ingressMetrics: string;
  readonly logLevel: string;
}

const yesOrNo = { allowed: /^(yes|no)$/, expected: 'yes or no' } as const;
const portNumber = {
  allowed: /^([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])$/,
  expected: 'a port from 1 to 65535',
} as const;
const optionalPath = { allowed: /^(\/[^\0]*)?$/, expected: 'an absolute path' } as const;

const settings: readonly Setting<keyof NetworkConfig>[] = [
  { key: 'network.root', field: 'root', fallback: '/var/lib/keelson', ...pathSetting },
  { key: 'network.run', field: 'run', fallback: '/run/keelson', ...pathSetting },
  {
    key: 'network.kubeconfig',
    field: 'kubeconfig',
    fallback: '/etc/keelson/kubelet.kubeconfig',
    ...pathSetting,
  },
  { key: 'network.nodes', field: 'nodes', fallback: '', ...optionalPath },
  {
    key: 'network.nodeName',
    field: 'nodeName',
    fallback: '',
    allowed: /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
    expected: 'a name of lower-case letters, digits, dashes and dots',
  },
  {
    key: 'network.mode',
    field: 'mode',
    fallback: 'vxlan',
    allowed: /^(vxlan|routed)$/,
    expected: 'vxlan or routed',
  },
  { key: 'network.crossSubnet', field: 'crossSubnet', fallback: 'yes', ...yesOrNo },
  {
    key: 'network.vni',
    field: 'vni',
    fallback: '4097',
    // Of the numbers of eight digits, those of 24 bits.
    allowed: /^([1-9]\d{0,6}|1[0-5]\d{6}|16[0-6]\d{5}|167[0-6]\d{4}|1677(?:[0-6]\d{3}|7[01]\d\d))$/,
    expected: 'a number from 1 to 16777199',
  },
  {
    key: 'network.port',
    field: 'port',
    fallback: '4789',
    ...portNumber,
  },
  {
    key: 'network.mtu',
    field: 'mtu',
    fallback: '0',
    allowed: /^(0|12[89]\d|1[3-9]\d\d|[2-9]\d{3}|[1-5]\d{4}|6[0-4]\d{3})$/,
    expected: '0, or a number of bytes from 1280',
  },
  { key: 'network.masquerade', field: 'masquerade', fallback: 'yes', ...yesOrNo },
  {
    key: 'network.attach',
    field: 'attach',
    fallback: 'ptp',
    allowed: /^(ptp|bridge|proxy)$/,
    expected: 'ptp, bridge or proxy',
  },
  { key: 'network.cniConfig', field: 'cniConfig', fallback: '/etc/cni/net.d', ...pathSetting },
  {
    key: 'network.serviceCidr',
    field: 'serviceCidr',
    fallback: '10.96.0.0/12',
    allowed: /^[0-9a-f.:]+\/\d{1,3}(,[0-9a-f.:]+\/\d{1,3})*$/,
    expected: 'ranges of addresses parted by commas',
  },
  {
    key: 'network.clusterDns',
    field: 'clusterDns',
    fallback: '10.96.0.10',
    allowed: /^[0-9a-f.:]+(,[0-9a-f.:]+)*$/,
    expected: 'addresses parted by commas',
  },
  {
    key: 'network.clusterDomain',
    field: 'clusterDomain',
    fallback: 'cluster.local',
    allowed: /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
    expected: 'a domain',
  },
  {
    key: 'network.dnsUpstreams',
    field: 'dnsUpstreams',
    fallback: '',
    allowed: /^([0-9a-f.:]+(,[0-9a-f.:]+)*)?$/,
    expected: 'addresses parted by commas',
  },
  { key: 'network.ingress', field: 'ingress', fallback: 'yes', ...yesOrNo },
  { key: 'network.ingressHttp', field: 'ingressHttp', fallback: '80', ...portNumber },
  { key: 'network.ingressHttps', field: 'ingressHttps', fallback: '443', ...portNumber },
  { key: 'network.ingressLog', field: 'ingressLog', fallback: 'no', ...yesOrNo },
  {
    key: 'network.ingressMetrics',
    field: 'ingressMetrics',
    fallback: '',
    allowed: /^(([0-9.]+|\[[0-9a-f:.]+\]):\d{1,5})?$/,
    expected: 'an IP address and a port, such as 127.0.0.1:10254',
  },
  logLevelSetting,
];

/** Throws DomainError `invalid`, naming the key, for what is unknown or does not fit. */
export function parseNetworkConfig(
  text: string,
  environment: SettingSources['environment'],
  flags: SettingSources['flags'],
): NetworkConfig {
  const keys = settings.map(({ key }) => key);
  const file = parseSettings(text, keys, [...runtimeSections, 'coordinator']);
  return resolveSettings(settings, file, { environment, flags }) as unknown as NetworkConfig;
}
