import { DomainError, isKernelError } from '../../base/error.ts';
import { fault } from '../../base/fault.ts';
import type { HostChange } from '../../base/host-change.ts';
import type { Ledger } from '../../base/ledger.ts';
import { readSysctls } from '../../kernel/sysctl.ts';
import { type Connection, nftables } from '../../netlink/index.ts';
import { differenceOf } from './difference.ts';
import { observeOverlay } from './observe.ts';
import { iptablesChanges, masqueradeByIptables } from './outgoing-iptables.ts';
import { guardRules, guardTable, outgoingRules, outgoingTable } from './overlay-rules.ts';
import { deviceName, routeProtocol } from './overlay-settings.ts';
import type { OverlayPlan } from './plan.ts';
import { hasRuleset, replaceRuleset, type Ruleset } from './ruleset.ts';
import { writeRecorded } from './recorded-sysctls.ts';
import type { Underlay } from './underlay.ts';
import { deviceStep, doDeviceStep } from './vxlan-device.ts';

/** What one pass over the kernel works with. */
export interface Pass {
  readonly plan: OverlayPlan;
  readonly underlay: Underlay;
  readonly ledger: Ledger;
  readonly route: Connection;
  readonly netfilter: Connection;
}

/** Makes the kernel's links, addresses, neighbours and routes as planned; gives what it did. */
export async function reconcileRoutes(pass: Pass): Promise<readonly string[]> {
  const { plan, underlay, route, ledger } = pass;
  await ledger.record({ kind: 'routes', protocol: routeProtocol });
  const before = await observeOverlay(route);
  const step = deviceStep(plan.device, before.device);
  if (step === 'create' || step === 'recreate') {
    await ledger.record({ kind: 'link', name: deviceName });
  }
  fault('overlay-recorded');
  if (step !== 'none') await doDeviceStep(route, step, plan.device);
  fault('overlay-device');
  const observed = step === 'none' ? before : await observeOverlay(route);
  const indexes = {
    vxlan: plan.device === undefined ? undefined : observed.device?.index,
    underlay: underlay.index,
  };
  const changes = differenceOf(plan, observed, indexes);
  const failures = await route.batch(changes.map(({ request }) => request));
  fault('overlay-entries');
  const harm = failures.find(({ index, error }) => !changes[index]?.harmless.includes(error.code));
  if (harm !== undefined) {
    const words = `Cannot ${changes[harm.index]?.what}: ${harm.error.message}`;
    throw new DomainError('unavailable', words, { cause: harm.error });
  }
  const done = changes.map(({ what }) => what);
  return step === 'none' ? done : [`${step} ${deviceName}`, ...done];
}

/** Makes the guard's table as planned, unless it is so; gives what it did. */
export async function reconcileGuard(pass: Pass): Promise<readonly string[]> {
  return await reconcileTable(pass, guardRules(pass.plan, pass.underlay.device));
}

/**
 * Makes pods leave in their node's address: by nf_tables, or by iptables-legacy where the kernel's
 * nf_tables has no NAT, which `legacy` then says.
 */
export async function reconcileOutgoing(
  pass: Pass,
): Promise<{ readonly done: readonly string[]; readonly legacy: boolean }> {
  try {
    return { done: await reconcileTable(pass, outgoingRules(pass.plan)), legacy: false };
  } catch (error) {
    if (!isKernelError(error, 'ENOENT', 'EOPNOTSUPP', 'EINVAL', 'EPROTONOSUPPORT')) throw error;
    await pass.ledger.record(...iptablesChanges(pass.plan));
    await masqueradeByIptables(pass.plan);
    return { done: [], legacy: true };
  }
}

/** Where nobody is to be masqueraded any more. */
export async function removeOutgoing({ netfilter, ledger }: Pass): Promise<void> {
  const table = { family: 'inet', table: outgoingTable } as const;
  const change: HostChange = { kind: 'table', family: 'inet', name: outgoingTable };
  if (!ledger.changes.some((one) => one.kind === 'table' && one.name === outgoingTable)) return;
  await nftables.commit(netfilter, nftables.destroyTable(table));
  await ledger.forget(change);
}

async function reconcileTable(pass: Pass, wanted: Ruleset): Promise<readonly string[]> {
  const { family, table } = wanted.table;
  if (await hasRuleset(pass.netfilter, wanted)) return [];
  await pass.ledger.record({ kind: 'table', family, name: table });
  await replaceRuleset(pass.netfilter, wanted);
  fault(table === guardTable ? 'overlay-guarded' : 'overlay-outgoing');
  return [`write table ${table}`];
}

/**
 * Lets the host pass packets on. A host that does hears no router advertisements, unless it is
 * told to all the same: its own default route may be from one.
 */
export async function enableForwarding({ plan, underlay, ledger }: Pass): Promise<void> {
  const six = plan.ownRanges.some((range) => range.includes(':'));
  const advertisements = `net/ipv6/conf/${underlay.device}/accept_ra`;
  const [heard] = six ? await readSysctls([advertisements]) : [];
  await writeRecorded(ledger, [
    { name: 'net/ipv4/ip_forward', value: '1' },
    ...(heard === '1' ? [{ name: advertisements, value: '2' }] : []),
    ...(six ? [{ name: 'net/ipv6/conf/all/forwarding', value: '1' }] : []),
  ]);
}
