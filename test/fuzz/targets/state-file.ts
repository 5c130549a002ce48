import { Container } from '../../../src/container/container.ts';
import { parseExit } from '../../../src/container/exit-file.ts';
import { newRecord } from '../../../src/container/container-record.ts';
import { RecordStore, storedContainer } from '../../../src/container/record-store.ts';
import {
  configOf,
  type ContainerRecord,
  containerKind,
  podConfigOf,
  podKind,
  type PodRecord,
} from '../../../src/cri/container/container-record.ts';
import { ContainerConfig, PodSandboxConfig } from '../../../src/cri/generated/runtime.ts';
import { signalToCri } from '../../../src/cri/plan/stop-signal.ts';
import { nanoseconds } from '../../../src/cri/selection.ts';
import { parseVolumeRecord } from '../../../src/cri/volume/volume-store.ts';
import { encode } from '../../../src/grpc/codec.ts';
import { addressesOf } from '../../../src/sandbox/pod-network.ts';
import { storedSandbox } from '../../../src/sandbox/sandbox-record.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** What the runtime finds of itself at its start, after a disk has turned or lost part of it. */
interface Found {
  readonly place?: unknown;
  readonly request?: unknown;
  readonly state?: unknown;
  readonly exit?: unknown;
  readonly sandbox?: unknown;
  readonly container?: unknown;
  readonly pod?: unknown;
  readonly volume?: unknown;
}

const id = 'c'.repeat(64);
const lists: RecordStore = Object.create(RecordStore.prototype) as RecordStore;

/** Whatever is believed can be listed: one bad record must not break the list of all. */
export const target: FuzzTarget = {
  run(input) {
    const found = foundIn(input);
    if (found === undefined) return;
    const { place, request, state: record } = found;
    const stored = storedContainer(id, { place, request, record });
    if (stored !== undefined) {
      const status = new Container(stored, lists).status();
      for (const at of [status.createdAtMs, status.startedAtMs, status.finishedAtMs]) {
        nanoseconds(at);
      }
      hold(typeof status.state === 'string', 'a container has a state');
      hold(
        status.notEnforced.every((limit) => limit.length >= 0),
        'limits are words',
      );
    }
    const exit = parseExit(typeof found.exit === 'string' ? found.exit : '');
    hold(exit === undefined || Number.isInteger(exit.exitCode), 'an exit code is one');
    const sandbox = storedSandbox(found.sandbox);
    if (sandbox !== undefined) {
      nanoseconds(sandbox.createdAtMs);
      hold(
        addressesOf(sandbox.networkResult).every((one) => one.length >= 0),
        'addresses are text',
      );
    }
    listRecords(found);
    parseVolumeRecord(found.volume, 'data');
  },
  seeds: [
    JSON.stringify({
      place: { podId: 'p', cgroupPath: '/p/c' },
      request: { id, podId: 'p', cgroupPath: '/p/c', stdin: 'none', spec: { ociVersion: '1.3.0' } },
      state: { ...newRecord, phase: 'running', pid: 7, notEnforced: ['memory'] },
      exit: '137 1 1795290396766000000\n',
      sandbox: {
        phase: 'ready',
        createdAtMs: 5,
        pausePid: 0,
        request: {
          id: 'p',
          hostname: 'p',
          network: 'pod',
          ipc: 'pod',
          pid: 'container',
          cgroupPath: '/p',
        },
        networkResult: {
          interfaces: [{ name: 'eth0', sandbox: '/var/run/netns/p' }],
          addresses: [{ address: '10.1.0.5/16', interface: 0 }],
          routes: [],
          dns: {},
        },
      },
      container: containerRecord(),
      pod: {
        id: 'p',
        name: 'p',
        owner: 'cri',
        createdAtMs: 5,
        config: encode(PodSandboxConfig, { metadata: { name: 'p' } }).toString('base64'),
        runtimeHandler: '',
      },
      volume: {
        name: 'data',
        anonymous: false,
        createdAtMs: 5,
        labels: { a: 'b' },
        filling: false,
      },
    }),
    JSON.stringify({ place: { podId: 'p', cgroupPath: '/p' }, volume: { name: 'data' } }),
  ],
  words: ['phase', 'making', 'removing', '1e999', 'additionalGids', 'networkResult'],
  json: true,
};

function containerRecord(): ContainerRecord {
  return {
    id,
    name: 'c',
    owner: 'cri',
    podId: 'p',
    createdAtMs: 5,
    config: encode(ContainerConfig, {
      metadata: { name: 'c' },
      labels: { a: 'b' },
      envs: [{ key: 'A', value: Buffer.from('b') }],
    }).toString('base64'),
    options: '',
    imageName: 'i',
    imageId: `sha256:${id}`,
    user: { uid: 0, gid: 0, additionalGids: [1], home: '/' },
    stopSignal: 'SIGTERM',
    logPath: '',
    restart: { name: 'no', maximumRetries: 0 },
    restartCount: 0,
    stopped: false,
  };
}

function listRecords({ container, pod }: Found): void {
  const record = container as ContainerRecord;
  if (containerKind.isSound(record)) {
    encode(ContainerConfig, configOf(record));
    nanoseconds(record.createdAtMs);
    signalToCri(record.stopSignal);
    hold(record.user.additionalGids.every(Number.isFinite), 'groups are numbers');
  }
  if (podKind.isSound(pod as PodRecord)) {
    encode(PodSandboxConfig, podConfigOf(pod as PodRecord));
    nanoseconds((pod as PodRecord).createdAtMs);
  }
}

function foundIn(input: Buffer): Found | undefined {
  try {
    const document: unknown = JSON.parse(input.toString());
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}
