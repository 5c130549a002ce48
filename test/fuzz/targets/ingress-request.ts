import { readTarget } from '../../../src/network/ingress/request-target.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** What a client of an Ingress asks for: the host, and the path that rules are matched with. */
export const target: FuzzTarget = {
  run(input) {
    const [url = '', host = ''] = input.toString('latin1').split(' ');
    const read = readTarget(url, host);
    if (read === undefined) return;
    hold(read.path.startsWith('/'), 'a path begins at the root');
    hold(!/\/\.\.?(\/|$)/.test(read.path), 'and has nothing in it that leads elsewhere');
    hold(!/%2e/i.test(read.path), 'nor in other letters');
    hold(read.text.startsWith('/') && url.endsWith(read.text.slice(1)), 'it is sent as it was');
    hold(/^[a-z0-9_.[\]:-]+$/.test(read.host), 'a host is a name or an address');
    hold(readTarget(read.path, read.host)?.path === read.path, 'twice is once');
  },
  seeds: [
    '/ web.example',
    '/a/../b/%2e%2e/c?d=/../e WEB.example.:80',
    'http://other.example:8080/a/./b web',
    'https://[fd00::1]?q [fd00::2]:443',
    '/%41%2F/.. 10.0.0.1',
  ],
  words: ['%2e', '/..', '/.', '//', '%2F', '?', '#', 'http://', '%', '@'],
};
