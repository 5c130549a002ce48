import t from 'tap';
import {
  capabilitiesOf,
  capabilityMask,
  capabilityNames,
  capabilityNumber,
} from '../../../src/index.ts';

t.test('names become numbers in any spelling', async (t) => {
  t.equal(capabilityNumber('CAP_CHOWN'), 0);
  t.equal(capabilityNumber('sys_admin'), 21);
  t.equal(capabilityNumber('CAP_CHECKPOINT_RESTORE'), 40);
  for (const wrong of ['', 'CAP_', 'ALL', 'CAP_CAP_CHOWN', 'CAP_NOTHING']) {
    t.throws(() => capabilityNumber(wrong), { message: `"${wrong}" is no capability` });
  }
});

t.test('a mask and its names are each other', async (t) => {
  t.equal(capabilityMask(['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_CHOWN']), 0x200001n);
  t.same(capabilitiesOf(0x200001n), ['CAP_CHOWN', 'CAP_SYS_ADMIN']);
  t.same(capabilitiesOf(capabilityMask(capabilityNames)), capabilityNames);
  t.same(capabilitiesOf(2n ** 64n - 1n), capabilityNames, 'unknown bits are left out');
  t.equal(capabilityMask([]), 0n);
});
