import t from 'tap';
import { decode, encode } from '../../../../src/grpc/codec.ts';
import {
  Capability,
  LinuxContainerSecurityContext as Context,
} from '../../../../src/cri/generated/runtime.ts';
import type { Draft } from '../../../../src/grpc/message.ts';
import { planCapabilities } from '../../../../src/cri/plan/plan-capabilities.ts';
import { machine } from './plan-input.ts';

function sets(capabilities: Draft<Capability>, privileged = false): Record<string, string[]> {
  const context = decode(Context, encode(Context, { capabilities, privileged }));
  return planCapabilities(context, machine) as Record<string, string[]>;
}

t.test('fourteen by default, none of them inheritable or ambient', async (t) => {
  const plan = planCapabilities(undefined, machine);
  t.equal(plan.bounding?.length, 14);
  t.same(plan.effective, plan.bounding);
  t.same(plan.permitted, plan.bounding);
  t.same(plan.inheritable, []);
  t.same(plan.ambient, []);
});

t.test('names come with and without CAP_, in any case', async (t) => {
  t.ok(sets({ add_capabilities: ['net_admin'] })['bounding']?.includes('CAP_NET_ADMIN'));
  t.notOk(sets({ drop_capabilities: ['Cap_Chown'] })['bounding']?.includes('CAP_CHOWN'));
});

t.test('ALL on one list leaves the single names of the other their say', async (t) => {
  t.same(sets({ add_capabilities: ['CHOWN'], drop_capabilities: ['ALL'] })['bounding'], [
    'CAP_CHOWN',
  ]);
  const allButOne = sets({ add_capabilities: ['ALL'], drop_capabilities: ['KILL'] })['bounding'];
  t.equal(allButOne?.length, machine.ownCapabilities.length - 1);
  t.notOk(allButOne?.includes('CAP_KILL'));
});

t.test('ambient ones are in all five sets', async (t) => {
  const plan = sets({ add_ambient_capabilities: ['NET_ADMIN'], drop_capabilities: ['ALL'] });
  for (const name of ['bounding', 'effective', 'permitted', 'inheritable', 'ambient']) {
    t.same(plan[name], ['CAP_NET_ADMIN'], name);
  }
});

t.test('privileged has all that the runtime has, and no more', async (t) => {
  t.same(sets({}, true)['bounding'], machine.ownCapabilities.toSorted());
});

t.test('what does not exist, or the runtime lacks, is refused by name', async (t) => {
  t.throws(() => sets({ add_capabilities: ['FLY'] }), /Unknown capability "FLY"/);
  t.throws(() => sets({ drop_capabilities: ['FLY'] }), /Unknown capability "FLY"/);
  t.throws(
    () => sets({ add_capabilities: ['SYS_RESOURCE'] }),
    /CAP_SYS_RESOURCE: the runtime lacks/,
  );
});
