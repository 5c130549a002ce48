import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { HttpClient } from '../../../src/api/client/http-client.ts';
import { readKubeconfig } from '../../../src/api/client/kubeconfig.ts';
import { resources } from '../../../src/api/client/resources.ts';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { openLog } from '../../../src/base/log.ts';
import type { CredentialOptions } from '../../../src/kubelet/node/node-options.ts';
import { openNodeCredentials } from '../../../src/kubelet/node/open-node-credentials.ts';
import { SharedCoordinator } from '../security/shared-coordinator.ts';
import {
  makeToken,
  optionsFor as plainOptions,
  token,
  writeBootstrap as writeFor,
} from './join-node.ts';
import { succeeds } from './succeeds.ts';

t.setTimeout(300_000);

const shared = await SharedCoordinator.start();
t.teardown(() => shared[Symbol.asyncDispose]());
const { process: coordinator } = shared;
const log = openLog('test');
log.level = 'silent';
await makeToken(shared);

function optionsFor(name: string, more: Partial<CredentialOptions> = {}): CredentialOptions {
  return { ...plainOptions(coordinator, name, log), ...more };
}

function writeBootstrap(options: CredentialOptions, secret = token): void {
  writeFor(coordinator, options, secret);
}

function serial(text: string): string {
  return new X509Certificate(text).serialNumber;
}

t.test('a node joins by a token, and is itself from then on', async (t) => {
  const options = optionsFor('host01');
  const opening = openNodeCredentials(options);
  // The file comes while it waits, as on a machine that is being set up.
  writeBootstrap(options);
  using credentials = await opening;
  const certificate = new X509Certificate(credentials.address.certificate ?? '');
  t.match(certificate.subject, /O=system:nodes\nCN=system:node:host01/);
  await using client = new HttpClient(credentials.address, 'kubelet');
  await client.create(resources.nodes, { metadata: { name: 'host01' } } as never);
  await t.rejects(client.create(resources.nodes, { metadata: { name: 'host02' } } as never), {
    message: /not allowed|cannot/,
  });
  const file = join(options.folder, 'kubelet-client-current.pem');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(options.kubeconfig).mode & 0o777, 0o600);
  const read = await readKubeconfig(options.kubeconfig);
  t.equal(read.server, coordinator.url);
  t.match(readFileSync(file, 'utf8'), read.certificate ?? 'none');
  // Without the bootstrap a restart knows who it is.
  rmSync(options.bootstrapKubeconfig ?? '');
  using again = await openNodeCredentials(options);
  t.equal(again.address.certificate, credentials.address.certificate);
  await using other = new HttpClient(again.address, 'kubelet');
  t.equal((await other.get(resources.nodes, { namespace: '', name: 'host01' })).kind, 'Node');
});

t.test('a certificate is renewed before it ends, and the client goes on', async (t) => {
  const options = optionsFor('host03');
  writeBootstrap(options);
  (await openNodeCredentials(options))[Symbol.dispose]();
  const ahead = 340 * 24 * 3600 * 1000;
  const later: Clock = { ...systemClock, now: () => Date.now() + ahead };
  using credentials = await openNodeCredentials({ ...options, clock: later });
  const before = credentials.address.certificate ?? '';
  await using client = new HttpClient(credentials.address, 'kubelet');
  await client.create(resources.nodes, { metadata: { name: 'host03' } } as never);
  credentials.onRenewal((address) => client.renew(address));
  await succeeds(async () => {
    if (credentials.address.certificate === before) throw new Error('not renewed');
  });
  t.not(serial(credentials.address.certificate ?? ''), serial(before));
  t.equal((await client.get(resources.nodes, { namespace: '', name: 'host03' })).kind, 'Node');
  const { certificate = '' } = await readKubeconfig(options.kubeconfig);
  t.equal(serial(certificate), serial(credentials.address.certificate ?? ''));
});

t.test('a wrong token is tried again until it is right, or somebody ends it', async (t) => {
  const options = optionsFor('host04');
  writeBootstrap(options, 'abcdef.0000000000000000');
  const opening = openNodeCredentials(options);
  await new Promise((resolve) => setTimeout(resolve, 300));
  writeBootstrap(options);
  (await opening)[Symbol.dispose]();
  const ended = optionsFor('host05', { signal: AbortSignal.timeout(100) });
  await t.rejects(openNodeCredentials(ended), { message: /was ended before/ });
  const { bootstrapKubeconfig: _, ...alone } = optionsFor('host06');
  writeFileSync(join(coordinator.folder, 'broken'), '- a');
  const broken = { ...alone, kubeconfig: join(coordinator.folder, 'broken') };
  await t.rejects(openNodeCredentials(broken), { message: /no mapping/ });
});
