import { readFile } from 'node:fs/promises';
import { Answerer } from './answer.ts';
import { openHealthListener } from './health-listener.ts';
import { KubeletListener } from './kubelet-listener.ts';
import type { KubeletServer, ServeKubeletOptions } from './serve-options.ts';
import { ServingCertificate } from './serving-certificate.ts';

/**
 * Serves the kubelet's API over TLS on the configured address: pods, logs, commands, ports,
 * statistics. Who asks is known by a certificate of the cluster's authority or by a token, and
 * what he may is the API server's word. Throws when the port is taken.
 */
export async function serveKubelet(options: ServeKubeletOptions): Promise<KubeletServer> {
  await using stack = new AsyncDisposableStack();
  const { configuration, client, clock, log, certificates, node } = options;
  const certificate = stack.use(
    await ServingCertificate.open({
      configuration,
      client,
      clock,
      log,
      folder: certificates,
      name: node.name,
      authority: options.authority,
      addresses: () => node.addresses,
    }),
  );
  const answerer = new Answerer(options);
  const listener = stack.use(
    new KubeletListener({
      configuration,
      credential: certificate.credential,
      authority: await authorityOf(options),
      onRequest: (request, response) => void answerer.answer(request, response),
      onUpgrade: (upgrade) => void answerer.upgrade(upgrade),
    }),
  );
  await listener.listen();
  certificate.onRenewal((credential) => listener.renew(credential));
  const health =
    configuration.healthzPort === 0
      ? undefined
      : stack.use(await openHealthListener(configuration, options));
  const owned = stack.move();
  return {
    port: listener.port,
    healthPort: health?.port ?? 0,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function authorityOf({
  configuration,
  authority,
}: ServeKubeletOptions): Promise<string | undefined> {
  const { clientCAFile } = configuration.authentication.x509;
  return clientCAFile === '' ? authority : await readFile(clientCAFile, 'utf8');
}
