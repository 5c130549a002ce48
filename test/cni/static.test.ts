/** Our static and the reference's, given the same calls. */
import t, { type Test } from 'tap';
import { type Call, compare, skip } from './differential.ts';

t.setTimeout(600_000);

const addresses = [
  { address: '10.10.0.1/24', gateway: '10.10.0.254' },
  { address: '3ffe:ffff:0:01ff::1/64', gateway: '3ffe:ffff:0::1' },
];
const routes = [{ dst: '0.0.0.0/0' }, { dst: '192.168.0.0/16', gw: '10.10.5.1' }];
const dns = { nameservers: ['8.8.8.8'], domain: 'example.com', search: ['example.com'] };

interface Variant {
  readonly ipam?: object;
  readonly environment?: Readonly<Record<string, string>>;
  readonly config?: object;
}

async function check(t: Test, { ipam, environment, config }: Variant): Promise<void> {
  const verbs = ['ADD', 'CHECK', 'DEL'];
  const calls = verbs.map((verb): Call => ({
    verb,
    config: { cniVersion: '1.0.0', name: 'net', type: 'static', ipam, ...config },
    ...(environment !== undefined && { environment }),
  }));
  await compare(t, { calls });
}

const usual = { type: 'static', addresses, routes, dns };

const variants: Record<string, Variant> = {
  'addresses, routes and dns': { ipam: usual },
  'CNI_ARGS add addresses': {
    ipam: usual,
    environment: { CNI_ARGS: 'IgnoreUnknown=1;IP=10.10.0.7/24, fd00::7/64;GATEWAY=10.10.0.1' },
  },
  'args.cni.ips stand in their place': {
    ipam: usual,
    config: { args: { cni: { ips: ['10.20.0.1/24'] } } },
  },
  'the capability ips in place of both': {
    ipam: usual,
    config: {
      args: { cni: { ips: ['10.20.0.1/24'] } },
      runtimeConfig: { ips: ['10.30.0.1/24', 'fd30::1/64'] },
    },
  },
  'no addresses at all': { ipam: { type: 'static' } },
  'an address without length': { ipam: { type: 'static', addresses: [{ address: '10.1.1.1' }] } },
  'no address': { ipam: { type: 'static', addresses: [{ address: 'x/24' }] } },
  'a gateway that is none': {
    ipam: { type: 'static', addresses: [{ address: '10.1.1.1/24', gateway: 'x' }] },
  },
  'arguments that nobody knows': { ipam: usual, environment: { CNI_ARGS: 'WHAT=1' } },
  'two of one family in 0.2.0': {
    ipam: { type: 'static', addresses: [...addresses, { address: '10.2.2.2/24' }] },
    config: { cniVersion: '0.2.0' },
  },
  'no ipam section': {},
};

for (const [name, variant] of Object.entries(variants)) {
  t.test(name, { skip }, async (t) => {
    await check(t, variant);
  });
}
