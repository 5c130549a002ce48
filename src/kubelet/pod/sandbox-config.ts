import { join } from 'node:path';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import {
  type PodSandboxConfig,
  type PortMapping,
  Protocol,
  type UserNamespace,
} from '../../cri/generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';
import { annotation, label } from '../runtime/record.ts';
import { type DnsSettings, dnsOf } from './dns.ts';
import { hostNames } from './hosts-file.ts';
import { graceOf } from './pod-containers.ts';
import { namespacesOf, sandboxSecurity } from './security-context.ts';

export interface SandboxSettings extends DnsSettings {
  /** Below which each pod has a folder for its containers' output. */
  readonly logFolder: string;
}

export interface SandboxPlace {
  readonly attempt: number;
  /** Empty where the runtime chooses. */
  readonly cgroup: string;
  /** Undefined for the node's users. */
  readonly users?: UserNamespace | undefined;
}

/** What the runtime is told of a pod. */
export function sandboxConfig(
  pod: Pod,
  { attempt, cgroup, users }: SandboxPlace,
  settings: SandboxSettings,
): Draft<PodSandboxConfig> {
  const { metadata, spec } = pod;
  const { name = '', namespace = '', uid = '' } = metadata;
  const { host, full } = hostNames(pod, settings.clusterDomain);
  const sysctls = (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value]);
  return {
    metadata: { name, namespace, uid, attempt },
    hostname: spec.hostNetwork === true ? '' : spec.setHostnameAsFQDN === true ? full : host,
    log_directory: logFolderOf(pod, settings.logFolder),
    dns_config: dnsOf(pod, settings),
    port_mappings: portMappings(pod),
    labels: {
      ...metadata.labels,
      [label.podName]: name,
      [label.podNamespace]: namespace,
      [label.podUid]: uid,
    },
    annotations: {
      ...metadata.annotations,
      [annotation.graceSeconds]: String(graceOf(pod)),
    },
    linux: {
      cgroup_parent: cgroup,
      security_context: sandboxSecurity(pod, namespacesOf(pod, '', users)),
      sysctls: Object.fromEntries(sysctls) as Record<string, string>,
    },
  };
}

/** `/var/log/pods/default_web_5f1c…` */
export function logFolderOf({ metadata }: Pod, folder: string): string {
  const { name = '', namespace = '', uid = '' } = metadata;
  return join(folder, `${namespace}_${name}_${uid}`);
}

const protocols: Readonly<Record<string, number>> = Protocol;

function portMappings({ spec }: Pod): PortMapping[] {
  // On the node's own network the ports are the node's.
  if (spec.hostNetwork === true) return [];
  const sidecars = (spec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always');
  return [...sidecars, ...spec.containers].flatMap(({ ports = [] }) =>
    ports.map(({ protocol = 'TCP', containerPort, hostPort = 0, hostIP = '' }) => ({
      protocol: protocols[protocol] ?? Protocol.TCP,
      container_port: containerPort,
      host_port: hostPort,
      host_ip: hostIP,
    })),
  );
}
