/** Whose a port is: conflicts, stale owners, garbage, and attacks on what is not the pod's. */
import t from 'tap';
import { reaches, serve } from './port-traffic.ts';
import { skip, TestHost, type Outcome } from './test-host.ts';

t.setTimeout(900_000);

const web = { hostPort: 8080, containerPort: 80, protocol: 'tcp' };

interface Changes {
  readonly id?: string;
  readonly input?: object;
  readonly mappings?: readonly object[];
}

function call(host: TestHost, verb: string, changes: Changes = {}): Outcome {
  const { id = 'first', input = {}, mappings = [web] } = changes;
  const cniVersion = verb === 'GC' ? '1.1.0' : '1.0.0';
  const prevResult = host.previousResult(cniVersion);
  const runtimeConfig = { portMappings: mappings };
  return host.call('ours', 'portmap', {
    verb,
    input: { cniVersion, prevResult, runtimeConfig, ...input },
    environment: { CNI_CONTAINERID: id },
  });
}

function elements(host: TestHost): string {
  return host.exec('host', 'nft', 'list', 'table', 'inet', 'keelson_portmap');
}

t.test('owners', { skip }, async (t) => {
  t.test('a port that another pod has is refused with its name', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD').exitCode, 0);
    const overlaps = [
      [web],
      [{ ...web, hostIP: '10.78.0.1' }],
      [{ ...web, hostIP: '::' }],
      [{ ...web, hostPort: 81 }, web],
    ];
    for (const mappings of overlaps) {
      const refused = call(host, 'ADD', { id: 'second', mappings });
      const msg = /hostPort 8080\/tcp.* is taken by net\/first\/eth0/;
      t.match(refused, { exitCode: 1, document: { code: 11, msg } });
    }
    t.notMatch(elements(host), /second/, 'nothing of a refused ADD is left');
    t.equal(
      call(host, 'ADD', { id: 'second', mappings: [{ ...web, protocol: 'udp' }] }).exitCode,
      0,
    );
    t.equal(call(host, 'DEL').exitCode, 0);
    t.equal(call(host, 'ADD', { id: 'third' }).exitCode, 0, 'free after DEL');
  });

  t.test('all addresses are refused while another has the port on one', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD', { mappings: [{ ...web, hostIP: '10.78.0.1' }] }).exitCode, 0);
    const refused = call(host, 'ADD', { id: 'second' });
    t.match(refused, { exitCode: 1, document: { msg: /is taken by net\/first\/eth0/ } });
    const beside = [{ ...web, hostIP: '10.77.0.1' }];
    t.equal(call(host, 'ADD', { id: 'second', mappings: beside }).exitCode, 0);
  });

  t.test('a late DEL of a pod leaves what has its address or its port by now', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD').exitCode, 0);
    t.equal(call(host, 'ADD', { id: 'second', mappings: [{ ...web, hostPort: 81 }] }).exitCode, 0);
    t.equal(call(host, 'DEL').exitCode, 0);
    const left = elements(host);
    t.match(left, /127\.0\.0\.0\/8 \. 10\.77\.0\.2 comment "keelson\/net\/second\/eth0"/);
    t.equal(call(host, 'DEL', { id: 'second', mappings: [web] }).exitCode, 0);
    t.match(elements(host), /tcp \. 81 comment "keelson\/net\/second\/eth0"/);
  });

  t.test('ADD again, as after a crash, replaces what is there', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD').exitCode, 0);
    const mappings = [{ ...web, containerPort: 81 }];
    t.equal(call(host, 'ADD', { mappings }).exitCode, 0);
    t.match(elements(host), /tcp \. 8080 comment ".*" : 10\.77\.0\.2 \. 81/);
    t.equal(call(host, 'CHECK').exitCode, 1);
    t.equal(call(host, 'CHECK', { mappings }).exitCode, 0);
  });

  t.test('DEL without a result, and after the network namespace is gone', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'DEL').exitCode, 0, 'before any ADD');
    t.equal(call(host, 'ADD').exitCode, 0);
    const input = { prevResult: undefined };
    t.equal(call(host, 'DEL', { input }).exitCode, 0);
    t.notMatch(elements(host), /elements = \{ [^"]*(tcp|10\.77)/);
  });

  t.test('GC removes what is not valid, of its own network alone', async (t) => {
    using host = new TestHost();
    t.equal(call(host, 'ADD').exitCode, 0);
    const other = { name: 'other' };
    const mappings = [{ ...web, hostPort: 81 }];
    t.equal(call(host, 'ADD', { id: 'second', input: other, mappings }).exitCode, 0);
    const collect = (valid: object[]) =>
      call(host, 'GC', { input: { 'cni.dev/valid-attachments': valid } });
    t.equal(collect([{ containerID: 'first', ifname: 'eth0' }]).exitCode, 0);
    t.match(elements(host), /first/);
    t.equal(collect([]).exitCode, 0);
    t.notMatch(elements(host), /first/);
    t.match(elements(host), /second/);
  });
});

t.test('attacks', { skip }, async (t) => {
  t.test(
    'traffic that the host forwards for others is not captured (CVE-2025-67499)',
    async (t) => {
      using host = new TestHost();
      await serve(host, 'pod', { tcp: 80 });
      await serve(host, 'beyond', { tcp: 443 });
      t.equal(call(host, 'ADD', { mappings: [{ ...web, hostPort: 443 }] }).exitCode, 0);
      await reaches(t, host, [
        ['pod', 'tcp', '10.78.0.2', 443, 'beyond 10.77.0.2'],
        ['pod', 'tcp', 'fd78::2', 443, 'beyond fd77::2'],
        ['beyond', 'tcp', '10.78.0.1', 443, 'pod 10.78.0.2'],
      ]);
    },
  );

  t.test('a pod does not reach what listens on the host alone (CVE-2020-8558)', async (t) => {
    using host = new TestHost();
    await serve(host, 'pod', { tcp: 80 });
    host.start('host', 'socat', 'TCP4-LISTEN:9999,fork,bind=127.0.0.1', 'SYSTEM:echo secret');
    t.equal(call(host, 'ADD').exitCode, 0);
    t.equal(host.sysctl('host', 'net.ipv4.conf.veth-pod.route_localnet'), '1');
    host.sysctl('pod', 'net.ipv4.conf.all.route_localnet', '1');
    host.ip('pod', 'address', 'flush', 'dev', 'lo');
    host.ip(
      'pod',
      'route',
      'replace',
      '127.0.0.1/32',
      'via',
      '10.77.0.1',
      'dev',
      'eth0',
      'src',
      '10.77.0.2',
    );
    await reaches(t, host, [
      ['host', 'tcp', '127.0.0.1', 9999, 'secret'],
      ['host', 'tcp', '127.0.0.1', 8080, 'pod 10.77.0.1'],
      ['pod', 'tcp', '127.0.0.1', 9999, ''],
    ]);
    host.exec('host', 'nft', 'flush', 'chain', 'inet', 'keelson_portmap', 'martians');
    await reaches(t, host, [['pod', 'tcp', '127.0.0.1', 9999, 'secret']]);
  });

  t.test('hostile mappings and names are refused in one line, and change nothing', async (t) => {
    using host = new TestHost();
    const hostile: Changes[] = [
      { mappings: [{ ...web, hostIP: '10.0.0.1; flush ruleset' }] },
      { mappings: [{ ...web, hostPort: 1e9 }] },
      { mappings: [{ ...web, hostPort: 80.5 }] },
      { mappings: [{ ...web, protocol: 'tcp } ; add rule' }] },
      { mappings: Array.from({ length: 5000 }, (_, i) => ({ ...web, hostPort: i + 1 })) },
      { mappings: [web, null as unknown as object] },
      { id: '../../etc' },
      { input: { prevResult: { cniVersion: '1.0.0', ips: [{ address: 'x' }] } } },
      { input: { conditionsV4: ['-d', '0.0.0.0/0" accept comment "'] } },
    ];
    for (const changes of hostile) {
      const { exitCode, document } = call(host, 'ADD', changes);
      t.equal(exitCode, 1, JSON.stringify(changes).slice(0, 100));
      t.notMatch(String(document?.['msg']), /\n/);
    }
    t.equal(host.exec('host', 'nft', 'list', 'ruleset'), '');
  });

  t.test('thousands of ports are one transaction, and the next pod is as quick', async (t) => {
    using host = new TestHost();
    const many = Array.from({ length: 4000 }, (_, i) => ({ ...web, hostPort: 20_000 + i }));
    t.equal(call(host, 'ADD', { id: 'many', mappings: many }).exitCode, 0);
    t.equal(call(host, 'ADD').exitCode, 0);
    await serve(host, 'pod', { tcp: 80 });
    await reaches(t, host, [
      ['beyond', 'tcp', '10.78.0.1', 23_999, 'pod 10.78.0.2'],
      ['beyond', 'tcp', '10.78.0.1', 8080, 'pod 10.78.0.2'],
    ]);
    t.equal(call(host, 'DEL', { id: 'many', mappings: many }).exitCode, 0);
    t.notMatch(elements(host), /many/);
  });
});
