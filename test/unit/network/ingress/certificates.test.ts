import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import t from 'tap';
import { openLog } from '../../../../src/base/log.ts';
import { Certificates } from '../../../../src/network/ingress/certificates.ts';
import { selfSigned } from '../../../../src/network/ingress/self-signed.ts';
import { ingress, proxyHere } from './proxy-here.ts';

async function shown(port: number, servername: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function fingerprint({ certificate }: { readonly certificate: string }): string {
  return new X509Certificate(certificate).fingerprint256;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function dataOf({ key, certificate }: { readonly key: string; readonly certificate: string }) {
  return { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
}

void t.test('a client is shown the certificate of its host, and a new one at once', async (t) => {
  const { https, certificates } = await proxyHere(t, [], { endpoints: {} });
  const [first, second, pattern] = [1, 2, 3].map((day) => selfSigned(Date.now() + day));
  if (first === undefined || second === undefined || pattern === undefined) return;
  const tls = [
    { hosts: ['Web.example'], secretName: 'web' },
    { hosts: ['*.example'], secretName: 'pattern' },
  ];
  t.same(certificates.use([ingress('web', [], { spec: { tls } })]), [
    'default/web',
    'default/pattern',
  ]);
  const fallback = fingerprint(certificates.fallback);
  t.equal(await shown(https, 'web.example'), fallback, 'as long as there is no Secret');
  certificates.set('default/web', dataOf(first));
  certificates.set('default/pattern', dataOf(pattern));
  t.equal(await shown(https, 'web.example'), fingerprint(first));
  t.equal(await shown(https, 'other.example'), fingerprint(pattern));
  t.equal(await shown(https, 'a.b.example'), fallback);
  certificates.set('default/web', dataOf(second));
  t.equal(await shown(https, 'web.example'), fingerprint(second), 'renewed');
  certificates.set('default/web', { ...dataOf(second), 'tls.key': dataOf(first)['tls.key'] });
  t.equal(await shown(https, 'web.example'), fingerprint(pattern), 'what is no pair is none');
  certificates.set('default/pattern', undefined);
  t.equal(await shown(https, 'web.example'), fallback);
});

void t.test('the default certificate is a certificate', (t) => {
  const { fallback } = new Certificates(openLog('test'));
  const certificate = new X509Certificate(fallback.certificate);
  t.ok(certificate.verify(certificate.publicKey), 'signed by its own key');
  t.match(certificate.subject, /keelson/);
  t.ok(Date.parse(certificate.validTo) > Date.now() + 365 * 86_400_000);
  t.ok(Date.parse(certificate.validFrom) < Date.now());
  t.end();
});
