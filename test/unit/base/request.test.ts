import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import {
  asRequest,
  bindToRequest,
  currentRequest,
  outsideRequests,
} from '../../../src/base/request.ts';

async function look(): Promise<string | undefined> {
  await sleep(1);
  return currentRequest()?.id;
}

t.test('a request is what all work under it sees, each its own', async (t) => {
  const ids = await Promise.all([asRequest(look), asRequest(look), look()]);
  t.match(ids, [/^[0-9a-f]{8}$/, /^[0-9a-f]{8}$/, undefined]);
  t.not(ids[0], ids[1]);
});

t.test('what all share belongs to nobody, and what is for later to who asked for it', async (t) => {
  const { bound, id } = asRequest(() => {
    t.equal(
      outsideRequests(() => currentRequest()),
      undefined,
    );
    return { bound: bindToRequest(() => currentRequest()?.id), id: currentRequest()?.id };
  });
  t.equal(
    asRequest(() => bound()),
    id,
  );
});
