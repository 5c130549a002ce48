import { statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { ApiClient } from '../../../../src/api/client/client.ts';
import { FakeClock } from '../../../simulation/fake-clock.ts';
import { withoutRoot } from '../../skip.ts';
import { until } from '../../../until.ts';
import { untilStopped, VolumeNode } from './volume-node.ts';

t.setTimeout(300_000);

/** A server that answers token requests itself, as long as it is there. */
class TokenServer {
  readonly asked: object[] = [];
  away = false;

  over(client: ApiClient, now: () => number): ApiClient {
    return new Proxy(client, {
      get: (target, property, receiver) => {
        if (property !== 'post') return Reflect.get(target, property, receiver) as unknown;
        return async (
          _resource: unknown,
          _name: unknown,
          body: { spec: { expirationSeconds: number } },
        ) => {
          if (this.away) throw new Error('connect ECONNREFUSED');
          this.asked.push(body);
          const iat = Math.floor(now() / 1000);
          const exp = iat + body.spec.expirationSeconds;
          const claims = Buffer.from(JSON.stringify({ iat, exp, n: this.asked.length }));
          const token = `head.${claims.toString('base64url')}.signature`;
          const expirationTimestamp = new Date(exp * 1000).toISOString();
          return Promise.resolve({ status: { token, expirationTimestamp } });
        };
      },
    });
  }
}

t.test(
  'tokens are renewed when four fifths of their life are over',
  { skip: withoutRoot },
  async (t) => {
    const clock = new FakeClock(Date.parse('2026-03-02T08:00:00Z'));
    const tokens = new TokenServer();
    const node = await VolumeNode.start(t);
    const client = tokens.over(node.client, () => clock.now());
    const volumes = await node.again(t, { client, clock, lookMs: 10_000 });
    const source = { path: 'token', expirationSeconds: 3600, audience: 'vault' };
    const pod = await node.pod('web', {
      securityContext: { runAsUser: 1234 },
      volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: source }] } }],
    });
    await volumes.prepare(pod, untilStopped);
    const read = () => node.read(pod, '/token', 'token');
    const first = await read();
    t.match(tokens.asked, [
      {
        spec: {
          audiences: ['vault'],
          expirationSeconds: 3600,
          boundObjectRef: { kind: 'Pod', name: 'web', uid: pod.metadata.uid },
        },
      },
    ]);
    const file = join(await node.pathOf(pod, '/token'), 'token');
    t.match(statSync(file), { uid: 1234, mode: 0o100600 });
    await clock.pass(2_870_000);
    await volumes.refresh(pod);
    t.equal(await read(), first, 'young enough');
    const later = await node.again(t, { client, clock });
    await later.refresh(pod);
    t.equal(await read(), first, 'also for the next process, which asks nobody');
    t.equal(tokens.asked.length, 1);
    tokens.away = true;
    await clock.pass(60_000);
    await volumes.refresh(pod);
    t.equal(await read(), first, 'without a server it is used to its end');
    tokens.away = false;
    // Nobody asks for a refresh.
    const renewed = await until(
      async () => {
        await clock.pass(1000);
        return await read();
      },
      (text) => text !== first,
    );
    t.not(renewed, first);
    tokens.away = true;
    await clock.pass(8_000_000);
    await t.rejects(volumes.refresh(pod), {
      kind: 'unavailable',
      message:
        'MountVolume.SetUp failed for volume "token" : failed to fetch token: connect ECONNREFUSED',
    });
  },
);
