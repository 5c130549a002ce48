import { maintainLeases } from '../../cni-plugins/dhcp/maintain.ts';
import { plugins } from '../../cni-plugins/registry.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { Journal } from '../cni/journal.ts';
import { Resident } from '../cni/resident.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import type { RuntimeMetrics } from '../cri/monitor/metrics.ts';
import { CniServer } from './serve-cni.ts';

/** Where the runtime, and plugins that run in a process of their own, record attachments. */
export function journalFolder({ state }: Pick<RuntimeConfig, 'state'>): string {
  return `${state}/cni`;
}

/** Undoes what a killed process left half-made, and then serves the CNI plugins at `cni.sock`. */
export async function openResident(
  config: RuntimeConfig,
  { log, metrics }: { readonly log: Logger; readonly metrics: RuntimeMetrics },
): Promise<CniServer> {
  // For plugins that keep state, within this process and in programs that it starts.
  process.env['KEELSON_STATE'] = config.state;
  const resident = new Resident({ plugins, journal: new Journal(journalFolder(config)) });
  const problems = await resident.recover(AbortSignal.timeout(limits.cniCallMs));
  for (const problem of problems) log.warn(`an interrupted ADD is not undone: ${problem}`);
  // Ends with the process, whose successor goes on by the files of the leases.
  const report = (line: string): void => log.info(line);
  void maintainLeases(new AbortController().signal, report, { background: true });
  return new CniServer({ resident, folder: config.state, log, metrics });
}
