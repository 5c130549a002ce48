/** Networks whose calls are killed at every step, each with what its host needs before. */
import { spawnSync } from 'node:child_process';

export interface Scenario {
  readonly name: string;
  /** Plugins of a list, the one to kill last. */
  readonly chain: readonly Readonly<Record<string, unknown>>[];
  /** Commands in the host's namespace, before all and after it. */
  readonly prepare?: readonly string[];
  readonly after?: readonly string[];
  /** Whether what it makes on the host is marked, so that GC finds it without the journal. */
  readonly marked: boolean;
  /** Why this machine cannot run it. */
  readonly skip?: () => string | undefined;
}

export function scenarios(folder: string): readonly Scenario[] {
  const ipam = {
    type: 'host-local',
    dataDir: `${folder}/leases`,
    ranges: [[{ subnet: '10.88.0.0/16' }], [{ subnet: 'fd88::/64' }]],
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
  };
  const bridge = { type: 'bridge', bridge: 'kd0', isGateway: true, ipam };
  const uplink = [
    'ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up',
  ];
  // Duplicate address detection would take a second of each step.
  const four = { ...ipam, ranges: [[{ subnet: '10.88.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] };
  const on = (type: string, settings: object = {}) => ({
    type,
    master: 'up0',
    ipam: four,
    ...settings,
  });
  const portMappings = [
    { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    { hostPort: 5353, containerPort: 53, protocol: 'udp' },
  ];
  const served = [
    'ip link add kd1 type bridge && ip address add 10.89.0.1/16 dev kd1 && ip link set kd1 up',
    `dnsmasq --conf-file=/dev/null --port=0 --interface=kd1 --no-ping --bind-interfaces \
      --dhcp-range=10.89.0.50,10.89.0.250,255.255.0.0,2m --dhcp-leasefile=${folder}/dnsmasq \
      --pid-file=${folder}/dnsmasq.pid`,
  ];
  return [
    {
      name: 'bridge',
      chain: [{ ...bridge, ipMasq: true, macspoofchk: true, hairpinMode: true }],
      marked: true,
    },
    {
      name: 'bridge with masquerade by iptables',
      chain: [{ ...bridge, ipMasq: true, ipMasqBackend: 'iptables' }],
      marked: false,
      skip: () => without('iptables', '-V'),
    },
    { name: 'ptp', chain: [{ type: 'ptp', ipMasq: true, ipam }], marked: true },
    {
      name: 'macvlan',
      chain: [on('macvlan')],
      prepare: uplink,
      after: ['ip link delete up0'],
      marked: false,
    },
    {
      name: 'ipvlan',
      chain: [on('ipvlan')],
      prepare: uplink,
      after: ['ip link delete up0'],
      marked: false,
      skip: () => kind('ipvlan'),
    },
    {
      name: 'vlan',
      chain: [on('vlan', { vlanId: 7 })],
      prepare: uplink,
      after: ['ip link delete up0'],
      marked: false,
      skip: () => kind('vlan'),
    },
    { name: 'dummy', chain: [{ type: 'dummy', ipam }], marked: false, skip: () => kind('dummy') },
    { name: 'tap', chain: [{ type: 'tap', mtu: 1400, ipam }], marked: false },
    { name: 'loopback', chain: [{ type: 'loopback' }], marked: false },
    {
      name: 'host-device',
      chain: [{ type: 'host-device', device: 'up0', ipam: four }],
      prepare: uplink,
      after: ['ip link delete up0'],
      marked: false,
    },
    {
      name: 'dhcp',
      chain: [{ type: 'bridge', bridge: 'kd1', ipam: { type: 'dhcp' } }],
      prepare: served,
      after: [`kill $(cat ${folder}/dnsmasq.pid)`, 'ip link delete kd1'],
      marked: true,
      skip: () => without('dnsmasq', '-v'),
    },
    { name: 'host-local', chain: [{ type: 'host-local', ipam }], marked: true },
    {
      name: 'portmap',
      chain: [bridge, { type: 'portmap', runtimeConfig: { portMappings } }],
      marked: true,
    },
    { name: 'firewall', chain: [bridge, { type: 'firewall' }], marked: true },
    {
      name: 'firewall by iptables',
      chain: [bridge, { type: 'firewall', backend: 'iptables' }],
      marked: false,
      skip: () => without('iptables', '-V'),
    },
    {
      name: 'tuning',
      chain: [
        bridge,
        {
          type: 'tuning',
          mtu: 1400,
          promisc: true,
          dataDir: `${folder}/tuning`,
          sysctl: { 'net.ipv4.conf.IFNAME.arp_filter': '1' },
        },
      ],
      marked: true,
    },
    {
      name: 'bandwidth',
      chain: [
        bridge,
        {
          type: 'bandwidth',
          ingressRate: 1e6,
          ingressBurst: 1e6,
          egressRate: 1e6,
          egressBurst: 1e6,
        },
      ],
      marked: true,
    },
    { name: 'sbr', chain: [bridge, { type: 'sbr' }], marked: false },
    {
      name: 'vrf',
      chain: [bridge, { type: 'vrf', vrfname: 'blue' }],
      marked: false,
      skip: () => kind('vrf'),
    },
  ];
}

/** Asked in the host's namespace. */
function kind(name: string): string | undefined {
  const made = spawnSync('ip', ['link', 'add', 'probe0', 'type', name, ...extra(name)]);
  if (made.status !== 0) return `this kernel has no ${name}`;
  spawnSync('ip', ['link', 'delete', 'probe0']);
  return undefined;
}

function without(program: string, argument: string): string | undefined {
  return spawnSync(program, [argument]).status === 0 ? undefined : `needs ${program}`;
}

function extra(kind: string): readonly string[] {
  if (kind === 'vrf') return ['table', '9'];
  if (kind === 'vlan') return ['link', 'lo', 'id', '9'];
  return kind === 'ipvlan' ? ['link', 'lo'] : [];
}
