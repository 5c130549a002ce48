/** The rates that pods reach under our bandwidth plugin, measured by iperf3. */
import t, { type Test } from 'tap';
import { measureRate, skip, TestHost } from './test-host.ts';

/** A stream needs its seconds. */
t.setTimeout(900_000);

function add(t: Test, host: TestHost, input: object): void {
  const cniVersion = '1.0.0';
  const prevResult = host.previousResult(cniVersion);
  for (const verb of ['ADD', 'CHECK']) {
    const call = { verb, input: { cniVersion, prevResult, ...input } };
    t.equal(host.call('ours', 'bandwidth', call).exitCode, 0, verb);
  }
}

/** Never above; a busy machine may lose a stream's packets once, not five times. */
async function holds(t: Test, host: TestHost, rate: number): Promise<void> {
  for (const direction of ['ingress', 'egress'] as const) {
    let ratio = 0;
    for (let attempt = 0; attempt < 5 && ratio < 0.97; attempt++) {
      ratio = (await measureRate(host, { direction, seconds: 4 })) / rate;
      t.ok(ratio < 1.03, `${direction} ${rate}: ${ratio.toFixed(3)} is not above the setting`);
    }
    t.ok(ratio > 0.97, `${direction} ${rate}: ${ratio.toFixed(3)} of the setting`);
    const first = (await measureRate(host, { direction, seconds: 1 })) / rate;
    t.ok(first < 1.05, `${direction} ${rate}: ${first.toFixed(3)} in the first second`);
  }
}

t.test('rates', { skip }, async (t) => {
  // Each has a host of its own, and mostly waits.
  t.jobs = 5;
  for (const rate of [1_000_000, 10_000_000, 200_000_000]) {
    t.test(`${rate} bits a second, both ways`, { buffered: true }, async (t) => {
      using host = new TestHost();
      const bandwidth = {
        ingressRate: rate,
        ingressBurst: 2 ** 32 - 1,
        egressRate: rate,
        egressBurst: 2 ** 32 - 1,
      };
      add(t, host, { runtimeConfig: { bandwidth } });
      await holds(t, host, rate);
    });
  }

  t.test(
    'peers that are left out are not limited, the others are',
    { buffered: true },
    async (t) => {
      using host = new TestHost();
      host.ip('beyond', 'address', 'add', '10.78.0.9/24', 'dev', 'eth0');
      const rate = 20_000_000;
      const limits = { ingressRate: rate, egressRate: rate };
      const unshapedSubnets = ['10.99.0.0/16', 'fd78::/64'];
      add(t, host, { ...limits, unshapedSubnets });
      await holds(t, host, rate);
      for (const direction of ['ingress', 'egress'] as const) {
        const average = await measureRate(host, { direction, seconds: 1, to: 'fd77::2' });
        t.ok(average > rate * 3, `${direction} ${average} over IPv6 is not limited`);
      }
    },
  );

  t.test('only the peers that are named are limited', { buffered: true }, async (t) => {
    using host = new TestHost();
    const rate = 20_000_000;
    const shapedSubnets = ['fd78::/64'];
    add(t, host, { ingressRate: rate, egressRate: rate, shapedSubnets });
    for (const direction of ['ingress', 'egress'] as const) {
      const six = await measureRate(host, { direction, seconds: 2, to: 'fd77::2' });
      // IPv6 has 20 bytes more of header in a frame.
      t.ok(six / rate > 0.8 && six / rate < 1.03, `${six} over IPv6`);
      const four = await measureRate(host, { direction, seconds: 1 });
      t.ok(four > rate * 3, `${four} over IPv4 is not limited`);
    }
  });
});
