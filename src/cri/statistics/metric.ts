import type { StatsFs } from 'node:fs';
import type { Spec } from '../../container/spec.ts';
import type { ProcessFacts } from '../container/process-facts.ts';
import type { Use } from '../image/layer-use.ts';
import type { InterfaceCounters, Statistics } from './statistics.ts';

/** What the metrics of one container, or of a pod's own cgroup, are made from. */
export interface MetricSource {
  readonly statistics: Statistics;
  readonly processes: ProcessFacts;
  readonly startedAtMs: number;
  /** Undefined for a pod, whose limits are not the runtime's. */
  readonly spec?: Spec;
  readonly layer?: Use;
  readonly fileSystem?: FileSystem;
  /** Only of a pod: its containers share its network. */
  readonly interfaces?: readonly InterfaceCounters[];
}

export interface FileSystem extends StatsFs {
  /** `/dev/sda1`, or what else is mounted. */
  readonly device: string;
}

export interface MetricValue {
  readonly value: number;
  /** Of the metric's own labels, in their order. */
  readonly labels?: readonly string[];
}

/** One metric in cAdvisor's name, which dashboards and alerts know. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** After the labels that all have. */
  readonly labels?: readonly string[];
  /** None where the kernel or a missing controller does not tell. */
  readonly values: (source: MetricSource) => readonly MetricValue[];
}

/** One value, or none. */
export function one(value: number | undefined): readonly MetricValue[] {
  return value === undefined || !Number.isFinite(value) ? [] : [{ value }];
}

/** The CRI carries whole numbers, also of seconds. */
export function seconds(microseconds: number | undefined): readonly MetricValue[] {
  return one(microseconds === undefined ? undefined : Math.floor(microseconds / 1_000_000));
}

/** cAdvisor's word for "no limit" is 0. */
export function limit(value: number | undefined): readonly MetricValue[] {
  return one(value === undefined ? undefined : Number.isFinite(value) && value > 0 ? value : 0);
}
