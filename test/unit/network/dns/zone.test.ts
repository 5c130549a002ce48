import t from 'tap';
import type { DnsRecord } from '../../../../src/network/dns/encode-answer.ts';
import { recordType } from '../../../../src/network/dns/message.ts';
import { RecordStore } from '../../../../src/network/dns/record-store.ts';
import { cluster } from './cluster.ts';

const { store, zone } = cluster();

function ask(name: string, type: keyof typeof recordType): string {
  const answer = zone.answer(name, recordType[type]);
  if (answer === undefined) return 'elsewhere';
  if (answer.code !== 0) return `code ${answer.code}`;
  if (answer.answers.length === 0) return `nothing, ${answer.authority?.[0]?.type}`;
  return answer.answers.map(textOf).toSorted().join(' ');
}

function textOf(record: DnsRecord): string {
  if ('address' in record) return record.address;
  if (record.type === 'SRV') return `${record.port}:${record.target}`;
  if ('target' in record) return record.target;
  return record.type === 'TXT' ? record.text : record.type;
}

const names: readonly [string, keyof typeof recordType, string][] = [
  ['web.default.svc.cluster.local', 'A', '10.96.0.1'],
  ['web.default.svc.cluster.local', 'AAAA', 'fd00:96::1'],
  ['web.default.svc.cluster.local', 'TXT', 'nothing, SOA'],
  ['_http._tcp.web.default.svc.cluster.local', 'SRV', '80:web.default.svc.cluster.local'],
  ['_dns._udp.web.default.svc.cluster.local', 'SRV', '53:web.default.svc.cluster.local'],
  ['_http._udp.web.default.svc.cluster.local', 'SRV', 'code 3'],
  ['_tcp.web.default.svc.cluster.local', 'SRV', 'nothing, SOA'],
  ['_sctp.web.default.svc.cluster.local', 'SRV', 'code 3'],
  ['a._http._tcp.web.default.svc.cluster.local', 'SRV', 'code 3'],
  ['db.default.svc.cluster.local', 'A', '10.244.1.2 10.244.1.3 10.244.1.4'],
  ['db-0.db.default.svc.cluster.local', 'A', '10.244.1.2'],
  ['db-0.db.default.svc.cluster.local', 'AAAA', 'nothing, SOA'],
  ['10-244-1-4.db.default.svc.cluster.local', 'A', '10.244.1.4'],
  ['db-3.db.default.svc.cluster.local', 'A', 'code 3'],
  ['db-0.web.default.svc.cluster.local', 'A', 'code 3'],
  ['x.db-0.db.default.svc.cluster.local', 'A', 'code 3'],
  [
    '_sql._tcp.db.default.svc.cluster.local',
    'SRV',
    '5432:10-244-1-4.db.default.svc.cluster.local 5432:db-0.db.default.svc.cluster.local ' +
      '5432:db-1.db.default.svc.cluster.local',
  ],
  ['empty.default.svc.cluster.local', 'A', 'nothing, SOA'],
  ['none.default.svc.cluster.local', 'A', 'code 3'],
  ['out.default.svc.cluster.local', 'A', 'example.com'],
  ['out.default.svc.cluster.local', 'CNAME', 'example.com'],
  ['a.out.default.svc.cluster.local', 'A', 'code 3'],
  ['address.default.svc.cluster.local', 'A', '192.0.2.7'],
  ['address.default.svc.cluster.local', 'AAAA', 'nothing, SOA'],
  ['10-244-1-9.default.pod.cluster.local', 'A', '10.244.1.9'],
  ['fd00--9.default.pod.cluster.local', 'AAAA', 'fd00::9'],
  ['pod.default.pod.cluster.local', 'A', 'code 3'],
  ['10-244-1-9.none.pod.cluster.local', 'A', 'code 3'],
  ['default.svc.cluster.local', 'A', 'nothing, SOA'],
  ['none.svc.cluster.local', 'A', 'code 3'],
  ['svc.cluster.local', 'A', 'nothing, SOA'],
  ['pod.cluster.local', 'A', 'nothing, SOA'],
  ['cluster.local', 'A', 'nothing, SOA'],
  ['cluster.local', 'SOA', 'SOA'],
  ['cluster.local', 'NS', 'ns.dns.cluster.local'],
  ['dns-version.cluster.local', 'TXT', '1.1.0'],
  ['google.com.default.svc.cluster.local', 'A', 'code 3'],
  ['google.com', 'A', 'elsewhere'],
  ['xcluster.local', 'A', 'elsewhere'],
  ['1.0.96.10.in-addr.arpa', 'PTR', 'web.default.svc.cluster.local'],
  ['2.1.244.10.in-addr.arpa', 'PTR', 'db-0.db.default.svc.cluster.local'],
  ['2.1.244.10.in-addr.arpa', 'A', 'nothing, SOA'],
  ['1.0.0.127.in-addr.arpa', 'PTR', 'elsewhere'],
  ['01.0.96.10.in-addr.arpa', 'PTR', 'elsewhere'],
  [
    `${'1.0.0.0.'.repeat(1)}${'0.'.repeat(20)}6.9.0.0.0.0.d.f.ip6.arpa`,
    'PTR',
    'web.default.svc.cluster.local',
  ],
];

t.test('the names of a cluster are those of the specification', async (t) => {
  for (const [name, type, answer] of names) t.equal(ask(name, type), answer, `${name} ${type}`);
});

t.test('SRV answers come with the addresses of their targets', async (t) => {
  const answer = zone.answer('_sql._tcp.db.default.svc.cluster.local', recordType.SRV);
  t.equal(answer?.additional?.length, 3);
});

t.test('each client is given another first', async (t) => {
  const first = new Set<string>();
  for (let i = 0; i < 300 && first.size < 3; i++) {
    const answer = zone.answer('db.default.svc.cluster.local', recordType.A);
    first.add(answer?.answers[0] === undefined ? '' : textOf(answer.answers[0]));
  }
  t.equal(first.size, 3);
});

t.test('what is removed has no names', async (t) => {
  const other = new RecordStore();
  for (const record of store.all()) other.set(record);
  t.ok(other.hasNamespace('default'));
  other.retain(new Set(['default/web']));
  t.same(
    [...other.all()].map(({ name }) => name),
    ['web'],
  );
  t.same(other.namesOf('10.244.1.2'), []);
  t.same(other.namesOf('10.96.0.1'), ['web.default']);
  const { version } = other;
  other.remove('default', 'web');
  other.remove('default', 'web');
  t.equal(other.version, version + 1);
  t.notOk(other.hasNamespace('default'));
});
