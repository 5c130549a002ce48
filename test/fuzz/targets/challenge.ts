import { parseChallenges } from '../../../src/image/registry/challenge.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** `WWW-Authenticate` of a registry. */
export const target: FuzzTarget = {
  run(input) {
    for (const { scheme, parameters } of parseChallenges(input.toString('latin1'))) {
      hold(scheme === scheme.toLowerCase() && scheme !== '', 'a scheme is in lower case');
      hold(Object.getPrototypeOf(parameters) === null, 'no parameter is inherited');
      for (const value of Object.values(parameters)) hold(typeof value === 'string', 'a value');
    }
  },
  seeds: [
    'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull"',
    'Basic realm="x", Bearer realm="y",error="insufficient_scope"',
    'Negotiate, NTLM abc==, Digest realm="a\\"b", nonce=1',
  ],
  words: ['Bearer ', 'realm="', '\\"', ', ', '=', '__proto__=', 'scope=', '\t'],
};
