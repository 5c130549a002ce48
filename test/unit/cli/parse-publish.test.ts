import t from 'tap';
import { parsePublish } from '../../../src/cli/parse-publish.ts';

t.test('ports, addresses, protocols and ranges', async (t) => {
  const tcp = { protocol: 0, host_ip: '' };
  t.same(parsePublish('8080:80'), [{ ...tcp, host_port: 8080, container_port: 80 }]);
  t.match(parsePublish('127.0.0.1:53:5353/udp'), [{ protocol: 1, host_ip: '127.0.0.1' }]);
  t.match(parsePublish('[::1]:80:80/sctp'), [{ protocol: 2, host_ip: '::1' }]);
  t.same(
    parsePublish('8000-8002:80-82').map(({ host_port, container_port }) => [
      host_port,
      container_port,
    ]),
    [
      [8000, 80],
      [8001, 81],
      [8002, 82],
    ],
  );
});

t.test('what is no port is refused by name', async (t) => {
  for (const text of ['80', 'x:80', '80:80/icmp', '80:80/constructor', '::1:80:80', '80:']) {
    t.throws(() => parsePublish(text), /[Pp]ort/, text);
  }
  t.throws(() => parsePublish('0:80'), /Invalid port "0" in "0:80"/);
  t.throws(() => parsePublish('80:65536'), /Invalid port "65536"/);
  t.throws(() => parsePublish('80-81:80'), /different length/);
  t.throws(() => parsePublish('81-80:80-81'), /Invalid port "81-80"/);
});
