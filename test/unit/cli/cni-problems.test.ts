import t from 'tap';
import { problemsOf, validAttachments } from '../../../src/cli/cni-problems.ts';
import type { CniState } from '../../../src/cli/cni-state.ts';
import { parseNetwork } from '../../../src/cni/configuration.ts';

const network = parseNetwork('{"cniVersion":"1.1.0","name":"net","plugins":[{"type":"bridge"}]}');
const nowMs = 1_000_000;

const cachedOf = (containerId: string, address: string, netns = `/run/netns/${containerId}`) => ({
  attachment: { containerId, interfaceName: 'eth0', netns },
  network,
  result: { cniVersion: '1.1.0', ips: [{ address: `${address}/24` }] },
});

const leaseOf = (containerId: string, address: string, givenAtMs = 0) => ({
  containerId,
  interfaceName: 'eth0',
  address,
  givenAtMs,
  network: 'net',
  dataFolder: '/leases',
});

const recordOf = (containerId: string, more: { result?: object; underWay?: boolean } = {}) => ({
  entry: {
    type: 'bridge',
    network: 'net',
    containerId,
    interfaceName: 'eth0',
    config: {},
    environment: { CNI_NETNS: `/run/netns/${containerId}` },
  },
  underWay: more.underWay ?? false,
  ...(more.result && { result: { ...more.result } }),
});

const stateOf = (changes: Partial<CniState>): CniState => ({
  networks: [network],
  cached: [],
  records: [],
  leases: [],
  namespaces: new Set(['/run/netns/a', '/run/netns/b']),
  ...changes,
});

const kinds = (changes: Partial<CniState>) =>
  problemsOf(stateOf(changes), nowMs).map(({ kind, containerId }) => `${kind} ${containerId}`);

t.test('sources that agree are no problem', (t) => {
  const cached = [cachedOf('a', '10.0.0.2')];
  t.same(kinds({ cached, leases: [leaseOf('a', '10.0.0.2')] }), []);
  t.same(kinds({ records: [recordOf('a', { underWay: true })] }), [], 'an ADD is under way');
  t.same(kinds({ cached }), [], 'of a network whose addresses are not host-local');
  t.end();
});

t.test('each disagreement is named', (t) => {
  t.same(kinds({ cached: [cachedOf('gone', '10.0.0.2')] }), ['noNamespace gone']);
  t.same(kinds({ records: [recordOf('a')] }), ['interrupted a']);
  t.same(kinds({ leases: [leaseOf('x', '10.0.0.9')] }), ['orphanedLease x']);
  t.same(kinds({ leases: [leaseOf('x', '10.0.0.9', nowMs - 1000)] }), [], 'of a second ago: not');
  const cached = [cachedOf('a', '10.0.0.2')];
  const leases = [leaseOf('b', '10.0.0.3')];
  t.same(kinds({ cached, leases, records: [recordOf('b', { result: {} })] }), ['noLease a']);
  t.end();
});

t.test('a result that is no result, and one of another version, stop nothing', (t) => {
  const broken = { ...cachedOf('a', '10.0.0.2'), result: { ips: 'many', cniVersion: '9' } };
  t.same(kinds({ cached: [broken], leases: [leaseOf('a', '10.0.0.2')] }), []);
  t.end();
});

t.test('valid is whose namespace is there, whoever attached it', (t) => {
  const state = stateOf({
    cached: [cachedOf('a', '10.0.0.2'), cachedOf('gone', '10.0.0.3')],
    records: [
      recordOf('a', { result: {} }),
      recordOf('b', { result: {} }),
      recordOf('c', { result: {} }),
      recordOf('d', { underWay: true }),
      recordOf('e'),
    ],
  });
  const ids = validAttachments(state, 'net').map(({ containerId }) => containerId);
  t.same(ids, ['a', 'b', 'd']);
  t.same(validAttachments(state, 'other'), []);
  t.end();
});
