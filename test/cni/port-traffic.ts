import type { Test } from 'tap';
import type { Place, TestHost } from './test-host.ts';

export type Transport = 'tcp' | 'udp' | 'sctp';

/** Answers every connection and datagram with its place's name and the peer that it sees. */
export async function serve(
  host: TestHost,
  place: Place,
  ports: Partial<Record<Transport, number>>,
) {
  for (const [transport, port] of Object.entries(ports)) {
    for (const version of [4, 6]) {
      const only = version === 6 ? ',ipv6only=1' : '';
      const listen = {
        tcp: `TCP${version}-LISTEN:${port},reuseaddr,fork${only}`,
        udp: `UDP${version}-RECVFROM:${port},fork${only}`,
        sctp: `SCTP${version}-LISTEN:${port},reuseaddr,fork${only}`,
      }[transport];
      // What is not read would end the answer as well.
      const read = transport === 'udp' ? 'read ask; ' : '';
      const answer = `SYSTEM:${read}echo ${place} $SOCAT_PEERADDR`;
      host.start(place, 'socat', listen ?? '', answer);
    }
  }
  await listening(host, place, Object.keys(ports).length * 2);
}

/** Until as many sockets listen as were asked for. */
async function listening(host: TestHost, place: Place, count: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const lines = host.exec(place, 'ss', '-Hlntu').trim().split('\n').filter(Boolean);
    const other = host.exec(place, 'sh', '-c', 'cat /proc/net/sctp/eps 2>/dev/null | tail -n +2');
    if (lines.length + other.split('\n').filter(Boolean).length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Servers in ${place} do not listen`);
}

/** What answers there, as `pod 10.77.0.1`; empty when nobody does. */
export async function reach(
  host: TestHost,
  from: Place,
  [transport, address, port]: readonly [Transport, string, number],
): Promise<string> {
  const socket = `/dev/${transport}/${address}/${port}`;
  const command =
    transport === 'sctp'
      ? `socat -t1 - SCTP:${address.includes(':') ? `[${address}]` : address}:${port}`
      : `exec 3<>${socket}; ${transport === 'udp' ? 'echo ask >&3; ' : ''}head -n1 <&3`;
  const quiet = ['timeout', '2', 'bash', '-c', `${command} 2>/dev/null`] as const;
  return normal((await host.finish(from, ...quiet)).trim());
}

/** socat writes IPv6 addresses in full, in brackets. */
function normal(answer: string): string {
  return answer.replace(/\[([0-9a-f:]+)\]/, (_, address: string) =>
    new URL(`http://[${address}]`).hostname.slice(1, -1),
  );
}

/** That each of these gets its answer. */
export async function reaches(
  t: Test,
  host: TestHost,
  expected: readonly (readonly [Place, Transport, string, number, string])[],
): Promise<void> {
  for (const [from, transport, address, port, answer] of expected) {
    const what = `${from} to ${transport} ${address} port ${port}`;
    t.equal(await reach(host, from, [transport, address, port]), answer, what);
  }
}
