import t from 'tap';
import { parseSelections } from '../../../../src/cni/secondary/selection.ts';

const plain = { ips: [], mac: '' };

t.test('the short form names networks, namespaces and interfaces', async (t) => {
  t.same(parseSelections('', 'default'), []);
  t.same(parseSelections('blue, other/red@lan0,green', 'default'), [
    { namespace: 'default', name: 'blue', interfaceName: 'net1', ...plain },
    { namespace: 'other', name: 'red', interfaceName: 'lan0', ...plain },
    { namespace: 'default', name: 'green', interfaceName: 'net3', ...plain },
  ]);
});

t.test('the JSON form asks for addresses, too', async (t) => {
  const entry = { name: 'blue', ips: ['10.1.0.5/24', 'fd00::5/64'], mac: '02:00:00:00:00:01' };
  t.same(parseSelections(JSON.stringify([entry, { name: 'red', interface: 'lan0' }]), 'x'), [
    { ...entry, namespace: 'x', interfaceName: 'net1' },
    { namespace: 'x', name: 'red', interfaceName: 'lan0', ...plain },
  ]);
  const unsupported = [{ name: 'a', 'default-route': ['10.0.0.1'] }];
  t.throws(() => parseSelections(JSON.stringify(unsupported), 'x'), {
    message: /"default-route" is not supported/,
  });
});

t.test('what would be another file, another interface or too much is refused', async (t) => {
  const wrong = [
    '../../etc/passwd',
    'a/b/c',
    'a@',
    'a@eth0',
    'a@lo',
    'a@net0123456789012',
    'a@x/y',
    'a@..',
    'a@n1,b@n1',
    'a,b@net1',
    ',',
    'A',
    '[',
    '{"name":"a"}',
    '[1]',
    '[{"name":1}]',
    '[{"name":"a","ips":"10.0.0.1"}]',
    '[{"name":"a","ips":["10.0.0.1; rm"]}]',
    '[{"name":"a","mac":"no"}]',
    '[{"name":"a","namespace":"../b"}]',
    Array.from({ length: 17 }, (_, index) => `n${index}`).join(','),
    'a'.repeat(20_000),
    `[${'['.repeat(5000)}`,
  ];
  for (const text of wrong) {
    t.throws(
      () => parseSelections(text, 'default'),
      { message: /^Annotation / },
      text.slice(0, 40),
    );
  }
});
