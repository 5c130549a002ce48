import t from 'tap';
import { netlink } from '../../../../src/index.ts';
import { TestNamespace } from '../namespace.ts';
import { inet, ip, listed, loaded, open, skipReason } from './ruleset.ts';

const { nftables } = netlink;
const { statement } = nftables;
const forward = { ...inet, chain: 'forward' };
const postrouting = { ...ip, chain: 'postrouting' };
const prerouting = { ...ip, chain: 'prerouting' };

t.test('rules of nf_tables', { skip: skipReason }, async (t) => {
  t.test('rules are instruction for instruction those of nft', async (t) => {
    using ours = new TestNamespace();
    using theirs = new TestNamespace();
    using connection = await open(ours);
    loaded(
      theirs,
      `table inet keelson {
         chain side {
           counter comment "by keelson"
         }
         chain forward {
           type filter hook forward priority 0; policy drop;
           ct state established,related accept
           meta nfproto ipv4 ip saddr 10.1.0.0/16 accept
           meta nfproto ipv6 ip6 daddr fd00::1 drop
           meta l4proto tcp tcp dport 8080 jump side
           meta l4proto udp udp sport 53 return
           iifname "eth0" oifname != "veth*" goto side
           meta mark 0x20 meta mark set 0x40
           meta nfproto ipv4 ip saddr != 10.64.0.0/10 ip daddr 10.0.0.0/9 accept
           meta mark and 0xff == 0x10 reject with icmpx type port-unreachable
           meta l4proto tcp reject with tcp reset
           fib daddr type local counter log prefix "local "
           limit rate 10/second burst 7 packets accept
           ct status dnat accept
         }
       }
       table ip nat {
         chain postrouting {
           type nat hook postrouting priority 100; policy accept;
           ip saddr 10.1.0.0/16 oifname != "br0" masquerade fully-random
           ip daddr 10.1.0.9 snat to 10.1.0.1
         }
         chain prerouting {
           type nat hook prerouting priority -100; policy accept;
           meta l4proto tcp tcp dport 80 dnat to 10.1.0.5:8080
           meta l4proto tcp tcp dport 81 redirect to :8181
         }
       }`,
    );
    const rule = (
      chain: netlink.nftables.ChainReference,
      ...expressions: (readonly netlink.nftables.Expression[])[]
    ): netlink.Request => nftables.addRule({ ...chain, expressions });
    const side = { ...inet, chain: 'side' };
    await nftables.commit(connection, [
      nftables.addTable(inet),
      nftables.addChain(side),
      nftables.addChain({
        ...forward,
        base: { type: 'filter', hook: 'forward', priority: 0, policy: 'drop' },
      }),
      nftables.addRule({ ...side, expressions: [statement.counter()], comment: 'by keelson' }),
      rule(
        forward,
        statement.connectionState('established', 'related'),
        statement.verdict('accept'),
      ),
      rule(
        forward,
        statement.version(4),
        statement.source('10.1.0.0/16'),
        statement.verdict('accept'),
      ),
      rule(
        forward,
        statement.version(6),
        statement.destination('fd00::1'),
        statement.verdict('drop'),
      ),
      rule(
        forward,
        statement.protocol('tcp'),
        statement.destinationPort(8080),
        statement.verdict('jump', 'side'),
      ),
      rule(
        forward,
        statement.protocol('udp'),
        statement.sourcePort(53),
        statement.verdict('return'),
      ),
      rule(
        forward,
        statement.inputInterface('eth0'),
        statement.outputInterface('veth*', 'neq'),
        statement.verdict('goto', 'side'),
      ),
      rule(forward, statement.mark(0x20), statement.setMark(0x40)),
      rule(
        forward,
        statement.version(4),
        statement.source('10.64.0.0/10', 'neq'),
        statement.destination('10.0.0.0/9'),
        statement.verdict('accept'),
      ),
      rule(forward, statement.mark(0x10, 0xff), statement.reject()),
      rule(forward, statement.protocol('tcp'), statement.reject('tcp-reset')),
      rule(forward, statement.destinationIsLocal(), statement.counter(), statement.log('local ')),
      rule(forward, statement.limit(10, 7), statement.verdict('accept')),
      rule(forward, statement.connectionStatus('dnat'), statement.verdict('accept')),
      nftables.addTable(ip),
      nftables.addChain({
        ...postrouting,
        base: { type: 'nat', hook: 'postrouting', priority: 100, policy: 'accept' },
      }),
      nftables.addChain({
        ...prerouting,
        base: { type: 'nat', hook: 'prerouting', priority: -100, policy: 'accept' },
      }),
      rule(
        postrouting,
        statement.source('10.1.0.0/16'),
        statement.outputInterface('br0', 'neq'),
        statement.masquerade({ fullyRandom: true }),
      ),
      rule(postrouting, statement.destination('10.1.0.9'), statement.sourceNat('10.1.0.1')),
      rule(
        prerouting,
        statement.protocol('tcp'),
        statement.destinationPort(80),
        statement.destinationNat({ address: '10.1.0.5', port: 8080 }),
      ),
      rule(
        prerouting,
        statement.protocol('tcp'),
        statement.destinationPort(81),
        statement.redirect(8181),
      ),
    ]);
    t.equal(listed(ours), listed(theirs));
    t.equal(listed(ours, '--debug=netlink'), listed(theirs, '--debug=netlink'));
  });

  t.test('rules of others are read whatever they contain', async (t) => {
    using space = new TestNamespace();
    using connection = await open(space);
    loaded(
      space,
      `table ip other {
         set banned { type ipv4_addr; flags dynamic,timeout; timeout 1m; }
         chain c {
           type filter hook input priority 0;
           tcp flags syn tcp option maxseg size set 1400
           meta mark set numgen random mod 2
           add @banned { ip saddr limit rate 5/second }
           ip daddr . tcp dport { 10.0.0.1 . 80, 10.0.0.2 . 443 } accept
           ct helper "ftp" accept
           tcp dport 1-1024 counter
         }
       }`,
    );
    const rules = await nftables.listRules(connection, { family: 'ip', table: 'other' });
    t.equal(rules.length, 6);
    t.ok(rules.every(({ expressions }) => expressions.length > 0));
    t.equal((await nftables.listSets(connection, { family: 'ip', table: 'other' })).length, 2);
  });
});
