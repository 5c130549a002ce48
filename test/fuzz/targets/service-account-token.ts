import { createPrivateKey } from 'node:crypto';
import { equal } from '../../../src/api/json.ts';
import { TokenKeys } from '../../../src/apiserver/security/authenticate/json-web-token.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Made for this, and good for nothing else. */
const key = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
});
const keys = new TokenKeys([key]);
const claims = { sub: 'system:serviceaccount:default:web', aud: ['api'], exp: 4_000_000_000 };

/** Bearer tokens: whoever was not given one must not be able to make one of it. */
export const target: FuzzTarget = {
  run(input) {
    const found = keys.verify(input.toString('latin1'));
    hold(found === undefined || equal(found, claims), 'nobody changes what was signed');
  },
  seeds: [keys.sign(claims), 'e30.e30.e30', 'eyJhbGciOiJub25lIn0.e30.'],
  words: ['eyJhbGciOiJub25lIn0', 'eyJhbGciOiJIUzI1NiJ9', '..', '.e30.', '='],
};
