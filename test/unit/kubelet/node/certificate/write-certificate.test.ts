import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import t from 'tap';
import { parseRequest } from '../../../../../src/apiserver/security/certificate/parse-request.ts';
import {
  makeKey,
  writeRequest,
  writeSelfSigned,
} from '../../../../../src/kubelet/node/certificate/write-certificate.ts';

const names = ['host01', '192.0.2.7', '2001:db8::1', '::ffff:1.2.3.4', '::1'];

t.test('a request is read by others as it was meant, its signature too', async (t) => {
  const key = await makeKey();
  const subject = { commonName: 'system:node:host01', organization: 'system:nodes', names };
  const text = writeRequest(subject, key);
  const parsed = await parseRequest(Buffer.from(text).toString('base64'));
  t.match(parsed, {
    commonName: 'system:node:host01',
    organizations: ['system:nodes'],
    hasOtherNames: false,
    hasOtherParts: false,
  });
  t.equal(parsed.names.length, names.length);
  const shown = execFileSync('openssl', ['req', '-noout', '-text', '-verify'], { input: text });
  t.match(String(shown), /DNS:host01, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1/);
  const bare = writeRequest({ ...subject, names: [] }, key);
  t.same((await parseRequest(Buffer.from(bare).toString('base64'))).names, []);
});

t.test('a certificate of its own is one that TLS takes', async (t) => {
  const key = await makeKey();
  const text = writeSelfSigned({ commonName: 'host01', organization: '', names }, key, 3600_000);
  const certificate = new X509Certificate(text);
  t.ok(certificate.checkPrivateKey(key));
  t.ok(certificate.verify(certificate.publicKey));
  t.equal(certificate.checkHost('host01'), 'host01');
  for (const address of ['192.0.2.7', '2001:db8::1', '::1']) {
    t.equal(certificate.checkIP(address), address);
  }
  const left = certificate.validToDate.getTime() - Date.now();
  t.ok(left > 3500_000 && left <= 3600_000);
  t.ok(certificate.serialNumber.length > 30);
});
