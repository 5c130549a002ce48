import t from 'tap';
import { hostLinkName, isStale, networkTag, tagOf } from '../../../cni-plugins/owner.ts';

const owner = { networkName: 'net', containerId: 'abc', interfaceName: 'eth0' };
const long = 'x'.repeat(300);

t.test('a tag says network, container and interface', async (t) => {
  t.equal(tagOf(owner), 'keelson/net/abc/eth0');
  t.ok(tagOf(owner).startsWith(networkTag('net')));
});

t.test('tags of long names fit an nftables comment and stay distinct', async (t) => {
  const one = tagOf({
    networkName: long,
    containerId: `${long}1`,
    interfaceName: 'interface-12345',
  });
  const other = tagOf({
    networkName: long,
    containerId: `${long}2`,
    interfaceName: 'interface-12345',
  });
  t.ok(Buffer.byteLength(one) <= 127);
  t.not(one, other);
  t.ok(one.startsWith(networkTag(long)));
});

t.test('only what is of the network and of no valid attachment is stale', async (t) => {
  const valid = [{ containerId: 'abc', interfaceName: 'eth0' }];
  t.notOk(isStale(tagOf(owner), 'net', valid), 'valid');
  t.ok(isStale(tagOf({ ...owner, interfaceName: 'eth1' }), 'net', valid), 'another interface');
  t.ok(isStale(tagOf({ ...owner, containerId: long }), 'net', valid), 'a hashed one');
  t.notOk(
    isStale(tagOf({ ...owner, containerId: long }), 'net', [
      { containerId: long, interfaceName: 'eth0' },
    ]),
  );
  t.notOk(isStale(tagOf({ ...owner, networkName: 'net2' }), 'net', []), 'another network');
  t.notOk(isStale(undefined, 'net', []), 'somebody else’s');
  t.notOk(isStale('keelson/net', 'net', []));
});

t.test('the name of the host’s end is the same for the same owner alone', async (t) => {
  const name = hostLinkName(owner);
  t.match(name, /^veth[0-9a-f]{11}$/);
  t.equal(hostLinkName({ ...owner }), name);
  t.not(hostLinkName({ ...owner, containerId: 'abd' }), name);
});
