import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join, normalize } from 'node:path';
import { hasCode } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { type Connection, link } from '../../src/netlink/index.ts';
import { parseMac } from '../mac.ts';

/** The ways to name a device of the host, of which the first that is given counts. */
export interface DeviceConfiguration {
  readonly device: string;
  readonly mac: string;
  readonly kernelPath: string;
  readonly pciAddress: string;
  readonly auxiliary: string;
  /** Driven by a program in the container (DPDK): there is no interface to move. */
  readonly userspace: boolean;
}

const pciDevices = '/sys/bus/pci/devices';
const auxiliaryDevices = '/sys/bus/auxiliary/devices';
const userspaceDrivers = ['vfio-pci', 'uio_pci_generic', 'igb_uio'];

/** Throws CniError 7 when no device is named, or by a name that leads elsewhere. */
export function parseDevice(request: PluginRequest): DeviceConfiguration {
  const fields = new Fields(request.config, 'the host-device configuration');
  const mac = fields.string('hwaddr');
  const configured = {
    device: fields.string('device'),
    mac: mac === '' ? '' : parseMac(mac),
    kernelPath: fields.string('kernelpath'),
    pciAddress: plainName(fields.string('pciBusID'), 'pciBusID'),
    auxiliary: '',
  };
  const named = { ...configured, ...deviceOfRuntime(request) };
  if (Object.values(named).every((text) => text === '')) {
    refuse('specify either "device", "hwaddr", "kernelpath" or "pciBusID"');
  }
  return { ...named, userspace: named.pciAddress !== '' && hasUserspaceDriver(named.pciAddress) };
}

/** The capability `deviceID`: what a device plugin gave to the pod. */
function deviceOfRuntime({ runtimeConfig }: PluginRequest) {
  const text = new Fields(runtimeConfig, 'runtimeConfig').string('deviceID');
  const id = plainName(text, 'deviceID');
  if (id === '') return {};
  if (existsSync(join(pciDevices, id))) return { pciAddress: id };
  if (existsSync(join(auxiliaryDevices, id))) return { pciAddress: '', auxiliary: id };
  return refuse(`runtime config DeviceID ${id} not found or unsupported`);
}

/** It becomes a part of a path below /sys. */
function plainName(text: string, field: string): string {
  if (/^[A-Za-z0-9_.:-]*$/.test(text) && !/^\.+$/.test(text)) return text;
  return refuse(`Field "${field}" is no name of a device: "${text.slice(0, 100)}"`);
}

function hasUserspaceDriver(address: string): boolean {
  try {
    return userspaceDrivers.includes(basename(realpathSync(join(pciDevices, address, 'driver'))));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    return refuse(`error with host device: PCI device "${address}" has no driver`);
  }
}

/** The host's interface. Throws CniError 999 when there is none. */
export async function findDevice(
  host: Connection,
  configuration: DeviceConfiguration,
): Promise<link.Link> {
  const { device, mac } = configuration;
  if (device === '' && mac !== '') {
    const found = (await link.list(host)).find(({ address }) => address === mac);
    return found ?? absent(`link address ${mac}`);
  }
  const name = device === '' ? nameInSysfs(configuration) : device;
  return (await link.find(host, name)) ?? absent(`"${name}"`);
}

function nameInSysfs({ kernelPath, pciAddress, auxiliary }: DeviceConfiguration): string {
  if (kernelPath !== '') {
    const path = normalize(kernelPath);
    if (!path.startsWith('/sys/devices/')) {
      refuse(`kernel device path "${kernelPath}" must be absolute and begin with /sys/devices/`);
    }
    return firstIn(join(path, 'net'));
  }
  if (pciAddress === '') return firstIn(join(auxiliaryDevices, auxiliary, 'net'));
  const device = join(pciDevices, pciAddress);
  if (existsSync(join(device, 'net'))) return firstIn(join(device, 'net'));
  const virtio = namesIn(device).find((name) => name.startsWith('virtio'));
  if (virtio === undefined) absent(`PCI device ${pciAddress}`);
  return firstIn(join(device, virtio, 'net'));
}

function firstIn(folder: string): string {
  const [first] = namesIn(folder);
  return first ?? absent(`a network device in "${folder}"`);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function absent(what: string): never {
  throw new CniError(CniCode.internal, `failed to find host device: ${what} is not there`);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
