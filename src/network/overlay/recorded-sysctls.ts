import { fault } from '../../base/fault.ts';
import type { HostChange } from '../../base/host-change.ts';
import type { Ledger } from '../../base/ledger.ts';
import { readSysctls, type Sysctl, writeSysctls } from '../../kernel/sysctl.ts';

/** Writes what is not so yet, its former value being on record first. */
export async function writeRecorded(ledger: Ledger, wanted: readonly Sysctl[]): Promise<void> {
  const values = await readSysctls(wanted.map(({ name }) => name));
  const missing = wanted.filter(({ value }, index) => values[index] !== value);
  const changes = wanted.flatMap(({ name, value }, index): HostChange[] => {
    const former = values[index];
    return former === undefined || former === value
      ? []
      : [{ kind: 'sysctl', name, former, value }];
  });
  await ledger.record(...changes);
  fault('overlay-forwarding');
  await writeSysctls(missing);
}
