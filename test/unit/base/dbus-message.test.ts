import t from 'tap';
import {
  decodeMessage,
  encodeCall,
  messageLength,
  splitSignature,
  type DbusValue,
} from '../../../src/base/dbus-message.ts';

const call = { destination: 'a.b', path: '/a', interface: 'a.b', member: 'M' };

t.test('what is written is read again', async (t) => {
  const cases: readonly (readonly [string, readonly DbusValue[]])[] = [
    ['', []],
    ['s', ['text with ü']],
    ['sbu', ['x', true, 4_294_967_295]],
    ['tx', [2n ** 64n - 1n, -1n]],
    ['ay', [[1, 2, 255]]],
    ['a(sv)', [[['name', { signature: 'au', value: [7, 8] }]]]],
    ['a{sv}', [[['k', { signature: 's', value: 'v' }]]]],
    ['a(sa(sv))y', [[], 5]],
    ['s', ['x'.repeat(5000)]],
  ];
  for (const [signature, body] of cases) {
    const bytes = encodeCall(9, { ...call, signature, body });
    t.equal(messageLength(bytes), bytes.length, signature);
    const message = decodeMessage(bytes);
    t.match(message, { type: 'call', serial: 9, path: '/a', interface: 'a.b', member: 'M' });
    t.same(message.body, body, signature);
  }
});

t.test('signatures are split into complete types', async (t) => {
  t.same(splitSignature('sa(sv)ua{s(ii)}'), ['s', 'a(sv)', 'u', 'a{s(ii)}']);
  for (const wrong of ['a', '(s', 'z', '{s']) {
    t.throws(() => splitSignature(wrong), { message: /D-Bus message|has / }, wrong);
  }
});

t.test('a damaged message is refused, not believed', async (t) => {
  const whole = encodeCall(1, {
    ...call,
    signature: 'a(sv)s',
    body: [[['n', { signature: 's', value: 'v' }]], 'end'],
  });
  for (let at = 0; at < whole.length; at++) {
    for (const byte of [0, 0x7f, 0xff]) {
      const damaged = Buffer.from(whole);
      damaged[at] = byte;
      try {
        const length = messageLength(damaged) ?? 0;
        if (length <= damaged.length) decodeMessage(damaged.subarray(0, length));
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'DomainError') throw error;
      }
    }
    t.ok(true);
  }
  t.equal(messageLength(whole.subarray(0, 15)), undefined);
});

t.test('variants nested without end are refused', async (t) => {
  let value: DbusValue = { signature: 's', value: 'x' };
  for (let depth = 0; depth < 60; depth++) value = { signature: 'v', value };
  const bytes = encodeCall(1, { ...call, signature: 'v', body: [value] });
  t.throws(() => decodeMessage(bytes), { message: /nested/ });
});
