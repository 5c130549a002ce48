import { readFile } from 'node:fs/promises';
import { arch, release } from 'node:os';
import type { NodeSystemInfo } from '../../api/types/generated/core-v1.ts';
import { kubeletVersion } from './version.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** As Go calls it, and with it every label and image. */
export function architecture(): string {
  return architectures[arch()] ?? arch();
}

/** What does not change until the next boot; `runtime` is `containerd://1.6.20`. */
export async function readNodeInfo(runtime: string): Promise<NodeSystemInfo> {
  const machineId = await read('/etc/machine-id');
  const system = await read('/sys/class/dmi/id/product_uuid');
  return {
    machineID: machineId,
    systemUUID: system === '' ? machineId : system,
    bootID: await read('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: nameOf(await read('/etc/os-release')),
    containerRuntimeVersion: runtime,
    kubeletVersion,
    kubeProxyVersion: '',
    operatingSystem: 'linux',
    architecture: architecture(),
  };
}

function nameOf(release: string): string {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? 'Linux';
}

async function read(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}
