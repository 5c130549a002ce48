import { DomainError } from '../base/error.ts';
import { type PortMapping, Protocol } from '../cri/generated/runtime.ts';
import type { Draft } from '../grpc/message.ts';

const protocols: Readonly<Record<string, number>> = {
  tcp: Protocol.TCP,
  udp: Protocol.UDP,
  sctp: Protocol.SCTP,
};

/** `-p [ADDRESS:]PORT:PORT[/udp]`; ranges of the same length, `8000-8009:80-89`, are many. */
export function parsePublish(text: string): Draft<PortMapping>[] {
  const [, , brackets, plain, host = '', container = '', word = 'tcp'] =
    /^((?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):)?([\d-]+):([\d-]+)(?:\/([a-z]+))?$/.exec(text) ?? [];
  const protocol = Object.hasOwn(protocols, word) ? protocols[word] : undefined;
  if (host === '' || protocol === undefined) {
    const form = '[ADDRESS:]PORT:PORT[/tcp|udp|sctp]';
    throw new DomainError('invalid', `Invalid port "${text}" to publish: it is ${form}`);
  }
  const [hostPorts, containerPorts] = [portsOf(host, text), portsOf(container, text)];
  if (hostPorts.length !== containerPorts.length) {
    throw new DomainError('invalid', `Port ranges of different length in "${text}"`);
  }
  return hostPorts.map((host_port, index) => ({
    protocol,
    host_ip: brackets ?? plain ?? '',
    host_port,
    container_port: containerPorts[index] ?? 0,
  }));
}

function portsOf(text: string, whole: string): number[] {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [begin, end] = [Number(first), Number(last)];
  if (first === '' || begin < 1 || end > 65_535 || end < begin) {
    throw new DomainError('invalid', `Invalid port "${text}" in "${whole}": 1 to 65535`);
  }
  return Array.from({ length: end - begin + 1 }, (_, index) => begin + index);
}
