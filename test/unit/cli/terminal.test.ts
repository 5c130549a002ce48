import t from 'tap';
import { DetachKeys, parseDetachKeys } from '../../../src/cli/terminal.ts';

const keys = Buffer.from([16, 17]);

t.test('detach keys are letters and control keys', async (t) => {
  t.same(parseDetachKeys('ctrl-p,ctrl-q'), keys);
  t.same(parseDetachKeys('a,ctrl-@'), Buffer.from([97, 0]));
  for (const bad of ['', 'ctrl-', 'ctrl-1', 'ab', 'ctrl-p,,q']) {
    t.equal(parseDetachKeys(bad), undefined, bad);
  }
});

t.test('the sequence is found across reads, and not passed on', async (t) => {
  const watch = new DetachKeys(keys);
  t.same(watch.take(Buffer.from('ab')), { pass: Buffer.from('ab'), detach: false });
  t.same(watch.take(Buffer.from([120, 16])), { pass: Buffer.from('x'), detach: false });
  t.same(watch.take(Buffer.from([17, 99])), { pass: Buffer.alloc(0), detach: true });
});

t.test('a beginning that turns out otherwise is passed on', async (t) => {
  const watch = new DetachKeys(keys);
  t.same(watch.take(Buffer.from([16])).pass, Buffer.alloc(0));
  t.same(watch.take(Buffer.from([65])).pass, Buffer.from([16, 65]));
  t.same(watch.take(Buffer.from([16, 16, 65])).pass, Buffer.from([16, 16, 65]));
  const again = new DetachKeys(keys).take(Buffer.from([16, 16, 17]));
  t.same(again, { pass: Buffer.from([16]), detach: true });
});
