import { familyOf } from '../src/cni/result.ts';
import { readSysctls, writeSysctls } from '../src/kernel/sysctl.ts';

const names = { 4: 'net/ipv4/ip_forward', 6: 'net/ipv6/conf/all/forwarding' } as const;

/**
 * Lets the host forward packets of the families of these addresses. Written only where it is not
 * so yet: writing the IPv6 setting goes through all interfaces. `sysctl -w net.ipv4.ip_forward=1`.
 */
export async function enableForwarding(addresses: readonly string[]): Promise<void> {
  const wanted = [...new Set(addresses.map(familyOf))].map((family) => names[family]);
  const values = await readSysctls(wanted);
  const off = wanted.filter((_, index) => values[index] !== '1');
  await writeSysctls(off.map((name) => ({ name, value: '1' })));
}
