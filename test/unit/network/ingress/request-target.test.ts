import t from 'tap';
import { forwardHeaders } from '../../../../src/network/ingress/forward-headers.ts';
import { readTarget } from '../../../../src/network/ingress/request-target.ts';

t.test('a path is matched as a server would read it, and sent as it was written', (t) => {
  const rows: readonly (readonly [url: string, path: string | undefined])[] = [
    ['/', '/'],
    ['/a/b?c=/../d', '/a/b'],
    ['/a/./b/../c', '/a/c'],
    ['/a/..', '/'],
    ['/a/b/.', '/a/b/'],
    ['/%61%2Fb', '/a%2Fb'],
    ['/a/%2e%2E/b', '/b'],
    ['/..', undefined],
    ['/a/%2e%2e/..', undefined],
    ['/.well-known/x', '/.well-known/x'],
    ['/a/...', '/a/...'],
    ['/%', undefined],
    ['/%zz', undefined],
    ['/a%00b', undefined],
    ['/a#b', undefined],
    ['a', undefined],
    ['*', undefined],
    ['', undefined],
  ];
  for (const [url, path] of rows) {
    const target = readTarget(url, 'web');
    t.equal(target?.path, path, url);
    if (target !== undefined) t.equal(target.text, url);
  }
  t.end();
});

t.test('a host is a name or an address, whatever its case and port', (t) => {
  const rows: readonly (readonly [header: string, host: string | undefined])[] = [
    ['web', 'web'],
    ['WEB.Example.:8080', 'web.example'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[fd00::1]:80', '[fd00::1]'],
    ['', undefined],
    ['a b', undefined],
    ['web/../x', undefined],
    ['user@web', undefined],
    ['web:port', undefined],
    ['x'.repeat(254), undefined],
  ];
  for (const [header, host] of rows) t.equal(readTarget('/', header)?.host, host, header);
  t.match(readTarget('http://other:80/a?b', 'web'), { host: 'other', path: '/a', text: '/a?b' });
  t.match(readTarget('https://other?b', 'web'), { host: 'other', path: '/', text: '/?b' });
  t.equal(readTarget('ftp://other/', 'web'), undefined);
  t.end();
});

t.test('what Connection names stays behind, but not what says where a body ends', (t) => {
  const origin = { client: '192.0.2.1', authority: 'web', scheme: 'http', port: 80 } as const;
  const raw = ['Host', 'web', 'Connection', 'X-One, content-length', 'X-One', '1'];
  const headers = forwardHeaders([...raw, 'Content-Length', '3', 'X-Request-ID', 'mine'], origin);
  t.match(
    headers?.join(' '),
    /^host web content-length 3 x-request-id mine x-real-ip 192\.0\.2\.1 /,
  );
  t.notMatch(headers?.join(' '), /x-one/);
  t.equal(forwardHeaders(['Host', 'web', 'host', 'other'], origin), undefined, 'two hosts');
  t.end();
});
