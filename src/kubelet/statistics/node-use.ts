import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { type FileSystemSpace, readMemory, readSpace } from '../node/machine.ts';

export interface InterfaceUse {
  readonly name: string;
  readonly receivedBytes: number;
  readonly receiveErrors: number;
  readonly sentBytes: number;
  readonly sendErrors: number;
}

/** What the whole node uses at a moment. */
export interface NodeUse {
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly cpuNanoseconds: number;
  /** Of the time since the look before; undefined at the first. */
  readonly nanoCores: number | undefined;
  readonly memory: MemoryUse;
  readonly interfaces: readonly InterfaceUse[];
  readonly space: FileSystemSpace;
  readonly processes: ProcessRoom;
}

export interface MemoryUse {
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** Without cached files that were not touched of late. */
  readonly workingSetBytes: number;
  readonly residentBytes: number;
}

export interface ProcessRoom {
  readonly most: number;
  readonly now: number;
}

/** USER_HZ, which is 100 on every Linux. */
const tickNanoseconds = 10_000_000;
/** Between two looks, or rates are noise. */
const leastMs = 1000;

/** Looks at the node, and remembers the look before for rates. */
export class NodeSampler {
  readonly #root: string;
  readonly #clock: Clock;
  #before: { readonly atMs: number; readonly nanoseconds: number } | undefined;
  #nanoCores: number | undefined;

  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  async look(): Promise<NodeUse> {
    const [cpu, memory, interfaces, space, processes] = await Promise.all([
      readCpu(),
      readMemoryUse(),
      readInterfaces(),
      readSpace(this.#root),
      readProcesses(),
    ]);
    const atMs = this.#clock.now();
    const { nanoseconds, startedAtMs } = cpu;
    const before = this.#before;
    if (before === undefined || atMs - before.atMs >= leastMs) {
      if (before !== undefined) {
        const rate = (nanoseconds - before.nanoseconds) / ((atMs - before.atMs) / 1000);
        this.#nanoCores = Math.max(0, Math.round(rate));
      }
      this.#before = { atMs, nanoseconds };
    }
    const nanoCores = this.#nanoCores;
    return {
      atMs,
      startedAtMs,
      cpuNanoseconds: nanoseconds,
      nanoCores,
      memory,
      interfaces,
      space,
      processes,
    };
  }
}

async function readCpu(): Promise<{ nanoseconds: number; startedAtMs: number }> {
  const text = await readFile('/proc/stat', 'latin1');
  const [, words = ''] = /^cpu +(.*)$/m.exec(text) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, steal = 0] = words
    .split(' ')
    .map(Number);
  const bootSeconds = Number(/^btime (\d+)$/m.exec(text)?.[1] ?? 0);
  const ticks = user + nice + system + irq + soft + steal;
  return { nanoseconds: ticks * tickNanoseconds, startedAtMs: bootSeconds * 1000 };
}

export async function readMemoryUse(): Promise<MemoryUse> {
  const memory = await readMemory();
  const of = (name: string) => memory.get(name) ?? 0;
  const usedBytes = of('MemTotal') - of('MemFree');
  return {
    capacityBytes: of('MemTotal'),
    usedBytes,
    workingSetBytes: Math.max(0, usedBytes - of('Inactive(file)')),
    residentBytes: of('AnonPages'),
  };
}

/** Threads count: each takes one of the kernel's numbers. */
export async function readProcesses(): Promise<ProcessRoom> {
  const [most, load] = await Promise.all([
    readFile('/proc/sys/kernel/pid_max', 'latin1'),
    readFile('/proc/loadavg', 'latin1'),
  ]);
  return { most: Number(most), now: Number(/\/(\d+) /.exec(load)?.[1] ?? 0) };
}

async function readInterfaces(): Promise<readonly InterfaceUse[]> {
  const text = await readFile('/proc/net/dev', 'latin1');
  return [...text.matchAll(/^ *([^:\s]+): *(.*)$/gm)].flatMap(([, name = '', words = '']) => {
    if (name === 'lo') return [];
    const columns = words.trim().split(/ +/).map(Number);
    const [receivedBytes = 0, , receiveErrors = 0] = columns;
    const [sentBytes = 0, , sendErrors = 0] = columns.slice(8);
    return [{ name, receivedBytes, receiveErrors, sentBytes, sendErrors }];
  });
}
