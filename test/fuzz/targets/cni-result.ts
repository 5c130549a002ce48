import { decodeResult, encodeResult, type NetworkResult } from '../../../src/cni/result.ts';
import { parseObject } from '../../../src/cni/json.ts';
import { CniError } from '../../../src/cni/cni-error.ts';
import { refusing } from '../cni-refusal.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** What a plugin printed: foreign input to a runtime. */
export const target: FuzzTarget = {
  run(input) {
    const result = refusing(() =>
      decodeResult(parseObject(input.toString('utf8'), 'a result'), '1.1.0'),
    );
    for (const version of ['0.2.0', '0.4.0', '1.0.0', '1.1.0'] as const) {
      const encoded = encodedIn(result, version);
      if (encoded === undefined) continue;
      const again = decodeResult(encoded, version);
      hold(version === '0.2.0' || sameSizes(again, result), `${version} says the same`);
    }
  },
  json: true,
  seeds: [
    JSON.stringify({
      cniVersion: '1.1.0',
      interfaces: [
        {
          name: 'eth0',
          mac: '02:00:00:00:00:01',
          mtu: 1500,
          sandbox: '/run/netns/a',
          socketPath: '/s',
          pciID: '0',
        },
      ],
      ips: [
        { interface: 0, address: '10.1.0.5/16', gateway: '10.1.0.1' },
        { address: 'fd00::5/64' },
      ],
      routes: [
        {
          dst: '0.0.0.0/0',
          gw: '10.1.0.1',
          mtu: 1400,
          advmss: 1,
          priority: 1,
          table: 100,
          scope: 0,
        },
      ],
      dns: { nameservers: ['10.1.0.1'], domain: 'a', search: ['b'], options: ['c'] },
    }),
    JSON.stringify({
      cniVersion: '0.4.0',
      ips: [{ version: '4', address: '10.1.0.5/16', interface: 0 }],
      interfaces: [{ name: 'cni0' }],
      dns: {},
    }),
    JSON.stringify({
      cniVersion: '0.2.0',
      ip4: { ip: '10.1.0.5/16', gateway: '10.1.0.1', routes: [{ dst: '10.0.0.0/8' }] },
      ip6: { ip: 'fd00::5/64' },
    }),
  ],
  words: ['cniVersion', 'interface', '"ips"', '/128', '::', '0.3.1', '__proto__', '-1', '1e400'],
};

/** The oldest versions cannot say a result without addresses. */
function encodedIn(result: NetworkResult, version: '0.2.0' | '0.4.0' | '1.0.0' | '1.1.0') {
  try {
    return encodeResult(result, version);
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}

function sameSizes(a: NetworkResult, b: NetworkResult): boolean {
  return (
    a.interfaces.length === b.interfaces.length &&
    a.addresses.length === b.addresses.length &&
    a.routes.length === b.routes.length
  );
}
