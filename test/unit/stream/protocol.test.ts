import t from 'tap';
import {
  negotiate,
  socketCommandProtocols,
  spdyCommandProtocols,
} from '../../../src/stream/protocol.ts';

t.test("the client's dearest that we have is taken", async (t) => {
  const asked = ['v9.channel.k8s.io', 'v3.channel.k8s.io', 'v4.channel.k8s.io'];
  t.match(negotiate(asked, spdyCommandProtocols), { name: 'v3.channel.k8s.io', version: 3 });
  t.equal(negotiate(['v9.channel.k8s.io'], spdyCommandProtocols), undefined);
  t.equal(negotiate(['v5.channel.k8s.io'], spdyCommandProtocols), undefined, '5 is WebSocket only');
});

t.test('a client that names none gets the first version', async (t) => {
  t.match(negotiate([], spdyCommandProtocols), { name: '', version: 1 });
  t.match(negotiate([], socketCommandProtocols), { name: '', version: 1, encoding: 'binary' });
});

const find = (name: string): unknown => negotiate([name], socketCommandProtocols);

t.test('base64 variants are known by their names', async (t) => {
  t.match(find('base64.channel.k8s.io'), { version: 1, encoding: 'base64' });
  t.match(find('v4.base64.channel.k8s.io'), { version: 4, encoding: 'base64' });
  t.match(find('v5.channel.k8s.io'), { version: 5, encoding: 'binary' });
});
