import type { Command } from 'commander';
import { DomainError } from '../../base/error.ts';
import { Containers } from '../../cri/generated/keelson.ts';
import type { Cli } from '../cli.ts';

type Ports = Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>>;

export function define(command: Command, cli: Cli): void {
  command
    .argument('<container>')
    .argument('[port]', 'of the container: 80, or 53/udp')
    .action((container: string, port: string | undefined) => show(cli, container, port));
}

async function show(cli: Cli, container: string, port: string | undefined): Promise<void> {
  const { json } = await cli.client.call(Containers.Inspect, { container });
  const { NetworkSettings } = JSON.parse(Buffer.from(json).toString()) as {
    readonly NetworkSettings: { readonly Ports: Ports };
  };
  const wanted = port === undefined || port.includes('/') ? port : `${port}/tcp`;
  const entries = Object.entries(NetworkSettings.Ports);
  const shown = entries.filter(([name]) => wanted === undefined || name === wanted);
  if (wanted !== undefined && shown.length === 0) {
    throw new DomainError('notFound', `No public port "${wanted}" published for ${container}`);
  }
  for (const [name, places] of shown) {
    for (const { HostIp, HostPort } of places) {
      const place = `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`;
      await cli.print(wanted === undefined ? `${name} -> ${place}\n` : `${place}\n`);
    }
  }
}
