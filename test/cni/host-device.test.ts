/** Our host-device and the reference's in equal worlds. */
import t from 'tap';
import { type Call, compare, skip, World } from './differential.ts';

t.setTimeout(600_000);

const ipam = {
  type: 'static',
  addresses: [{ address: '10.55.0.2/24', gateway: '10.55.0.1' }],
  routes: [{ dst: '0.0.0.0/0' }],
};

const calls = (config: object, verbs = ['ADD', 'CHECK', 'DEL']): Call[] =>
  verbs.map((verb) => ({
    verb,
    config: { cniVersion: '1.0.0', name: 'net', type: 'host-device', ...config },
  }));

function device(world: World): void {
  world.ip('link', 'add', 'dev0', 'type', 'veth', 'peer', 'name', 'dev1');
  world.ip('link', 'set', 'dev0', 'address', '02:55:00:00:00:01');
  world.ip('link', 'set', 'dev1', 'up');
  world.ip('link', 'set', 'dev0', 'up');
}

const cases: Record<string, object> = {
  'by name, with addresses': { device: 'dev0', ipam },
  'by name, without IPAM': { device: 'dev0' },
  'by link address': { hwaddr: '02:55:00:00:00:01', ipam },
  'with dns': { device: 'dev0', ipam, dns: { search: ['a'] } },
  'specification 0.3.1': { device: 'dev0', ipam, cniVersion: '0.3.1' },
  'specification 0.2.0': { device: 'dev0', ipam, cniVersion: '0.2.0' },
};

for (const [name, config] of Object.entries(cases)) {
  t.test(name, { skip }, async (t) => {
    const verbs = name.startsWith('specification') ? ['ADD', 'DEL'] : undefined;
    await compare(t, {
      prepare: device,
      calls: calls(config, verbs),
      // Whether a veth that is down says DOWN or LOWERLAYERDOWN is a race within the kernel.
      forgive: ({ host, container }) => ({
        host: { ...host, links: host.links.map((one) => ({ ...one, operstate: undefined })) },
        container,
      }),
    });
  });
}

const refused: Record<string, object> = {
  'no device': {},
  'a device that is not there': { device: 'absent' },
  'a path outside of /sys/devices': { kernelpath: '/sys/devices/../../etc' },
  'a PCI address that leads elsewhere': { pciBusID: '../../../etc' },
  'a device of the runtime that leads elsewhere': { runtimeConfig: { deviceID: '../x' } },
};

for (const [name, config] of Object.entries(refused)) {
  t.test(`refused: ${name}`, { skip }, async (t) => {
    await compare(t, { prepare: device, calls: calls(config, ['ADD']) });
  });
}

t.test('ADD of a name that is taken leaves the device as it was', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  device(world);
  world.ip('link', 'set', 'dev0', 'alias', 'mine');
  world.ipInside('link', 'add', 'eth0', 'type', 'bridge');
  const [add] = calls({ device: 'dev0' }, ['ADD']);
  if (add === undefined) throw new Error('no call');
  t.match(world.call(add), { exitCode: 1 });
  t.match(world.ip('link', 'show', 'dev0'), /UP[^]*alias mine/);
});

t.test('DEL again, and with the namespace gone, succeeds', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  device(world);
  const config = { device: 'dev0' };
  for (const call of calls(config, ['ADD', 'DEL', 'DEL'])) {
    t.match(world.call(call), { exitCode: 0 }, call.verb);
  }
  t.match(world.ip('link', 'show', 'dev0'), /state DOWN/);
  t.notMatch(world.ip('link', 'show', 'dev0'), /alias/);
  const [gone] = calls(config, ['DEL']);
  if (gone === undefined) throw new Error('no call');
  // As the kernel gives hardware back: under the name it had inside.
  world.ip('link', 'set', 'dev0', 'alias', 'dev0');
  world.ip('link', 'set', 'dev0', 'name', 'eth7');
  t.match(world.call({ ...gone, environment: { CNI_NETNS: '/run/netns/absent' } }), {
    exitCode: 0,
  });
  t.match(world.ip('link', 'show', 'dev0'), /dev0/, 'it has its name back');
});

t.test('DEL does not put two devices under one name', { skip }, async (t) => {
  t.testdir({});
  const world = new World(t, 'ours');
  device(world);
  const [add, del] = calls({ device: 'dev0' }, ['ADD', 'DEL']);
  if (add === undefined || del === undefined) throw new Error('no call');
  t.match(world.call(add), { exitCode: 0 });
  world.ip('link', 'add', 'dev0', 'type', 'bridge');
  t.match(world.call(del), { exitCode: 1, document: { msg: /has another "dev0" by now/ } });
  t.match(world.ipInside('link', 'show', 'eth0'), /eth0/, 'the container still has it');
  world.ip('link', 'delete', 'dev0');
  t.match(world.call(del), { exitCode: 0 });
});
