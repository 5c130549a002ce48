import { limits } from '../../../src/base/limits.ts';
import { encodeHeaders, parseHeaders } from '../../../src/stream/spdy/headers.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const seed = (headers: Record<string, string>): Buffer =>
  encodeHeaders(new Map(Object.entries(headers)));

/** The headers of a stream that a client opens, decompressed. */
export const target: FuzzTarget = {
  run(input) {
    const headers = parseHeaders(input);
    hold(headers.size <= limits.spdyHeaders, 'so many and no more');
    for (const [name, value] of headers) {
      hold(name !== '' && name.length + value.length < input.length, 'nothing is made up');
    }
    const lower = [...headers.keys()].every((name) => name === name.toLowerCase());
    if (lower) hold(encodeHeaders(headers).equals(input), 'it can be written as it was');
  },
  seeds: [
    seed({ streamtype: 'error' }),
    seed({ streamtype: 'data', port: '8080', requestid: '7' }),
    seed({}),
    seed({ [':path']: '/', cookie: 'a=b\0c=d' }),
  ],
  words: ['\0\0\0\x01', '\0\0\0\x0a', 'streamtype', '\xff\xff\xff\xff', '\0\0\x40\0'],
};
