import t from 'tap';
import { openLog } from '../../../../src/base/log.ts';
import { HealthChecks } from '../../../../src/network/services/health-checks.ts';
import { freePort } from '../free-port.ts';

const log = openLog('health').child({}, { level: 'silent' });
const web = { namespace: 'default', name: 'web' };

async function ask(port: number): Promise<[number, unknown, string | null]> {
  // The port opens with the next turn of the event loop.
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      const weight = answer.headers.get('X-Load-Balancing-Endpoint-Weight');
      return [answer.status, await answer.json(), weight];
    } catch (error) {
      if (attempt === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

t.test('a balancer learns whether there is an endpoint here', async (t) => {
  const port = await freePort();
  await using checks = new HealthChecks(log);
  checks.set([{ ...web, port, localEndpoints: 2 }]);
  const body = { service: web, localEndpoints: 2, serviceProxyHealthy: true };
  t.same(await ask(port), [200, body, '2']);
  checks.set([{ ...web, port, localEndpoints: 0 }]);
  t.same(await ask(port), [503, { ...body, localEndpoints: 0 }, '0']);
  checks.set([]);
  await t.rejects(fetch(`http://127.0.0.1:${port}/`));
});

t.test('a port that somebody has is no reason to end', async (t) => {
  const port = await freePort();
  await using checks = new HealthChecks(log);
  await using others = new HealthChecks(log);
  checks.set([{ ...web, port, localEndpoints: 1 }]);
  await ask(port);
  others.set([{ ...web, port, localEndpoints: 0 }]);
  t.equal((await ask(port))[0], 200);
});
