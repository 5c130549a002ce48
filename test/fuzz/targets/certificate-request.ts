import { loadX509 } from '../../../src/apiserver/security/authority/x509.ts';
import { readRequest } from '../../../src/apiserver/security/certificate/parse-request.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const x509 = await loadX509();

const label = 'CERTIFICATE REQUEST';
/** `openssl req -new`, for a node with a name and an address. */
const request = Buffer.from(
  'MIIBGjCBwAIBADA0MRUwEwYDVQQKDAxzeXN0ZW06bm9kZXMxGzAZBgNVBAMMEnN5c3RlbTpub2RlOmhvc3Qw' +
    'MTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKYB6Of+Nl0ypiqFRDye0EsUJadBYrlTPpa4qI29z/CNNnag' +
    'jBf2MQsClh0FFKveurY24k+jUNlznOpU6dSdSsegKjAoBgkqhkiG9w0BCQ4xGzAZMBcGA1UdEQQQMA6CBmhv' +
    'c3QwMYcECgAAATAKBggqhkjOPQQDAgNJADBGAiEAzuuwCZ6YqQL24BFVVuoQHA27s/5uMJLOkrsh+5sCSLYC' +
    'IQCq/h8wa0eAXZ3f8gFgHNbHQTXXJgmVtmTJcipnPj3nMQ==',
  'base64',
);

/** What a machine that wants to join sends: a request for a certificate, as its DER bytes. */
export const target: FuzzTarget = {
  run(input) {
    const base64 = input.toString('base64');
    const pem = `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
    const { parsed } = readRequest(x509, pem);
    const texts = [parsed.commonName, ...parsed.organizations, ...parsed.names];
    hold(
      texts.every((text) => typeof text === 'string'),
      'names are texts',
    );
    hold(parsed.publicKey.length > 0, 'there is a key');
  },
  seeds: [request],
  words: ['system:masters', 'system:node:', '\x30\x80', '\x06\x03\x55\x1d\x11'],
};
