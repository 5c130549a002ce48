import t from 'tap';
import { removeHostLink } from '../../../cni-plugins/remove-host-link.ts';
import { netlink } from '../../../src/index.ts';
import { withoutRoot } from '../skip.ts';

const { link } = netlink;
const name = (index: number) => `kr${process.pid % 100_000}x${index}`;

t.test('many at once, with one that is gone', { skip: withoutRoot }, async (t) => {
  using host = await netlink.open();
  const names = Array.from({ length: 20 }, (_, index) => name(index));
  t.teardown(async () => {
    using host = await netlink.open();
    for (const name of names) await link.remove(host, name);
  });
  for (const name of names)
    await link.create(host, { kind: 'veth', name, peer: { name: `${name}p` } });
  const indexes = await Promise.all(names.map((name) => link.indexOf(host, name)));
  await link.remove(host, names[3] ?? '');
  await Promise.all(indexes.map(removeHostLink));
  for (const name of names) t.equal(await link.find(host, name), undefined, name);
  await removeHostLink(indexes[0] ?? 0);
});

t.test('one after the other, each gone when it is said', { skip: withoutRoot }, async (t) => {
  using host = await netlink.open();
  const names = Array.from({ length: 12 }, (_, index) => `${name(index)}s`);
  t.teardown(async () => {
    using host = await netlink.open();
    for (const name of names) await link.remove(host, name);
  });
  for (const name of names) {
    await link.create(host, { kind: 'veth', name, peer: { name: `${name}p` } });
    await removeHostLink(await link.indexOf(host, name));
    t.equal(await link.find(host, name), undefined, name);
    t.equal(await link.find(host, `${name}p`), undefined, `${name}p`);
  }
});

t.test('one that cannot be removed is an error', { skip: withoutRoot }, async (t) => {
  using host = await netlink.open();
  await t.rejects(removeHostLink(await link.indexOf(host, 'lo')), /RTM_DELLINK/);
});
