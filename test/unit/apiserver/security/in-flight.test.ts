import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import t from 'tap';
import { InFlight } from '../../../../src/apiserver/security/in-flight.ts';
import { ownUser, type User } from '../../../../src/apiserver/security/user.ts';

const jane: User = { name: 'jane', uid: '', groups: [], extra: {} };

function asking(verb: string, subresource = '') {
  return { verb, group: '', resource: 'pods', subresource, namespace: 'default', name: 'x' };
}

function answer(): ServerResponse {
  return new EventEmitter() as ServerResponse;
}

t.test('more requests than are allowed are told to come again', async (t) => {
  const inFlight = new InFlight({ reads: 2, writes: 1 });
  const first = answer();
  inFlight.enter(jane, asking('get'), first);
  inFlight.enter(jane, asking('list'), answer());
  const refused = { reason: 'TooManyRequests', code: 429, details: { retryAfterSeconds: 1 } };
  t.throws(() => inFlight.enter(jane, asking('get'), answer()), refused);
  t.throws(() => inFlight.enter(jane, { verb: 'get', path: '/api' }, answer()), refused);
  inFlight.enter(jane, asking('create'), answer());
  t.throws(() => inFlight.enter(jane, asking('patch'), answer()), refused);
  first.emit('close');
  t.doesNotThrow(() => inFlight.enter(jane, asking('get'), answer()), 'one has ended');
});

t.test('what lasts, health checks and administrators are not counted', async (t) => {
  const inFlight = new InFlight({ reads: 0, writes: 0 });
  for (const attributes of [
    asking('watch'),
    asking('get', 'log'),
    asking('create', 'exec'),
    { verb: 'get', path: '/livez' },
  ]) {
    t.doesNotThrow(() => inFlight.enter(jane, attributes, answer()));
  }
  t.doesNotThrow(() => inFlight.enter(ownUser('admin'), asking('create'), answer()));
  t.throws(() => inFlight.enter(jane, asking('create'), answer()));
});
