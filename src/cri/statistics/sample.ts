import type { Pressure } from '../../cgroup/pressure.ts';
import type { ContainerRecord } from '../container/container-record.ts';
import { shownName } from '../container/container-summary.ts';
import { specOf } from '../container/cri-containers.ts';
import type { Sample } from '../generated/keelson.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { sandboxOf } from '../pod/sandbox-of.ts';
import { nanoseconds } from '../selection.ts';
import type { Statistics } from './statistics.ts';

/** What `stats` shows of a container: its cgroup's counters, and those of its pod's interfaces. */
export async function sampleOf(node: Node, record: ContainerRecord): Promise<Draft<Sample>> {
  const path = specOf(node, record)?.linux?.cgroupsPath;
  const counted = path === undefined ? undefined : node.statistics.all(path);
  const devices = counted?.io === undefined ? undefined : Object.values(counted.io);
  const { memory, pids } = counted ?? {};
  const network = await networkOf(node, record);
  const pressure = pressureOf(counted);
  const known = { cpu: counted, memory, pids, io: devices, network, ...pressure };
  return {
    id: record.id,
    name: shownName(record),
    at: nanoseconds(counted?.atMs ?? Date.now()),
    cpu_nanoseconds: counted === undefined ? undefined : counted.cpu.usageMicroseconds * 1000,
    memory_bytes: memory?.workingSetBytes,
    memory_limit_bytes: Number.isFinite(memory?.limitBytes) ? memory?.limitBytes : undefined,
    processes: pids?.current,
    read_bytes: devices?.reduce((sum, { readBytes }) => sum + readBytes, 0),
    written_bytes: devices?.reduce((sum, { writeBytes }) => sum + writeBytes, 0),
    missing: Object.entries(known).flatMap(([name, value]) => (value === undefined ? [name] : [])),
    received_bytes: network?.received,
    sent_bytes: network?.sent,
    cpu_pressure: pressure['cpu.pressure'],
    memory_pressure: pressure['memory.pressure'],
    io_pressure: pressure['io.pressure'],
  };
}

/** Undefined on the node's network, where nothing is the pod's own. */
async function networkOf(node: Node, { podId }: ContainerRecord) {
  const pod = node.pods.list().find(({ id }) => id === podId);
  const path = pod === undefined ? undefined : sandboxOf(node, pod)?.namespaces.network;
  if (path === undefined) return undefined;
  const counters = await node.interfaces(path);
  return {
    received: counters.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
    sent: counters.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
  };
}

function pressureOf(counted: Statistics | undefined) {
  const { cpu, memory, io } = counted?.pressure ?? {};
  return {
    'cpu.pressure': hundredths(cpu),
    'memory.pressure': hundredths(memory),
    'io.pressure': hundredths(io),
  };
}

function hundredths(pressure: Pressure | undefined): number | undefined {
  return pressure === undefined ? undefined : Math.round(pressure.some.last10Seconds * 100);
}
