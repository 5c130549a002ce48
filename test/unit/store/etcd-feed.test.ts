/** The watch of all that etcd holds, where a member answers with less than was seen. */
import { PassThrough } from 'node:stream';
import t from 'tap';
import type { EtcdClient } from '../../../src/store/etcd/client.ts';
import { Feed } from '../../../src/store/etcd/feed.ts';

const unread = () => true;

/** A member that is at one revision, of a cluster that is at another. */
function opened(own: number, agreed: number | Error) {
  const streams: PassThrough[] = [];
  const told: string[] = [];
  const cancel = () => void told.push('cancel');
  const client = {
    where: 'member',
    turnToNext: () => void told.push('next'),
    range: async () => {
      if (agreed instanceof Error) throw agreed;
      return { header: { revision: agreed } };
    },
    openWatch: () => {
      const stream = new PassThrough({ objectMode: true });
      streams.push(stream);
      return Object.assign(stream, { cancel, write: unread });
    },
  };
  const feed = new Feed(client as unknown as EtcdClient, 8, {
    onEvents: () => void told.push('events'),
    onGap: () => void told.push('gap'),
    onFailure: ({ message }) => void told.push(message),
  });
  streams[0]?.push({ created: true, header: { revision: own }, events: [] });
  return { feed, told };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('a member that is behind the others is waited for', async (t) => {
  const { feed, told } = opened(7, 8);
  await turn();
  t.same(told, []);
  feed[Symbol.dispose]();
});

t.test('a cluster that has forgotten what was seen is refused', async (t) => {
  const { feed, told } = opened(7, 7);
  await turn();
  const words = 'etcd at member went back from revision 8 to 7: was it restored?';
  t.same(told, ['cancel', words]);
  feed[Symbol.dispose]();
});

t.test('where nobody can say, the next member is asked', async (t) => {
  const { feed, told } = opened(7, new Error('no leader'));
  await turn();
  t.same(told, ['cancel', 'next']);
  feed[Symbol.dispose]();
});
