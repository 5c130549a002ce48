/** Chapter 1, why containers matter: S1.1 to S1.3 (S1.4 on is a cluster's). */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import t from 'tap';
import { missing, Reader } from './reader.ts';
import { makeHosts } from './hosts.ts';

const skip = missing('ip', 'script', 'curl', 'iptables', 'nsenter');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(110_000);
const hosts = makeHosts();
t.teardown(() => hosts[Symbol.dispose]());
const reader = await Reader.start({ flags: hosts.flags }, hosts.host01);
t.teardown(() => reader[Symbol.asyncDispose]());

const kernel = readFileSync('/proc/sys/kernel/version', 'utf8').trim();

t.test('S1.1 a container looks like a machine of its own, with the same kernel', async (t) => {
  await reader.makeImage('rockylinux:8', {
    'etc/os-release': 'NAME="Rocky Linux"\nVERSION="8.4 (Green Obsidian)"\n',
  });
  const host = await reader.see('cat /etc/os-release; ps -ef; uname -v; ip addr');
  t.notMatch(host, /Rocky/);
  t.match(host, 'inet 192.168.61.11/24');
  const shown = await reader.atTerminal('keelson run -ti --rm --network pod rockylinux:8 /bin/sh', [
    'cat /etc/os-release',
    'hostname',
    'ps -ef',
    'uname -v',
    'uname -r',
    'ip addr',
    'exit',
  ]);
  t.match(shown, 'Rocky Linux');
  t.match(shown, /^[0-9a-f]{12}$/m, 'the host name is the short id');
  t.match(shown, /^ +1 root .*\/bin\/sh$/m, 'the shell is process 1');
  t.equal(shown.match(/^ +\d+ root /gm)?.length, 2, 'and ps the only other one');
  t.match(shown, kernel);
  t.match(shown, release());
  t.match(shown, /eth0@if\d+/);
  t.match(shown, /inet 10\.85\.\d+\.\d+\/16/);
  t.same(await reader.runtime.leftovers(), []);
});

t.test("S1.2 the host's files and a variable of the reader's", async (t) => {
  await reader.makeImage('alpine:3', { 'etc/os-release': 'NAME="Alpine Linux"\n' });
  const shown = await reader.atTerminal('keelson run -ti --rm -v /:/host -e hello=world alpine:3', [
    'cat /host/etc/os-release',
    'cat /etc/os-release',
    'echo $hello',
    'exit',
  ]);
  t.match(shown, readFileSync('/etc/os-release', 'utf8').split('\n')[0] ?? '');
  t.match(shown, 'Alpine Linux');
  t.match(shown, /^world$/m);
});

t.test('S1.3 a port of the host leads to a server', async (t) => {
  await reader.makeImage('nginx', {
    'usr/share/nginx/html/index.html': '<h1>Welcome to nginx!</h1>\n',
    'usr/sbin/nginx': '#!/bin/sh\nhttpd -f -p 80 -h /usr/share/nginx/html &\nwait\n',
  });
  await reader.see('keelson run -d --name web -p 8080:80 nginx /usr/sbin/nginx');
  const listed = await reader.see('keelson ps');
  t.match(listed, /PORTS/);
  t.match(listed, '0.0.0.0:8080->80/tcp');
  const page = 'for i in $(seq 20); do curl -sf http://localhost:8080/ && break; sleep 0.2; done';
  t.match(await reader.see(page), 'Welcome to nginx!');
  t.match(await hosts.onHost02('curl -sf http://192.168.61.11:8080/'), 'Welcome to nginx!');
  const processes = await reader.see('ps -ef | grep nginx | grep -v grep');
  t.match(processes, /\/bin\/sh \/usr\/sbin\/nginx/, 'the master is a process of the host');
  t.match(processes, /httpd -f -p 80 -h \/usr\/share\/nginx/, 'and so is the worker');
  t.match(await reader.see('keelson port web'), '80/tcp -> 0.0.0.0:8080');
  await reader.see('keelson rm -f web');
  t.match(await reader.type('curl -sf -m 2 http://192.168.61.11:8080/'), { code: /^(7|28)$/ });
  t.same(await reader.runtime.leftovers(), []);
  t.notMatch(await reader.see('iptables-save -t nat'), '10.85.', 'no rule of a pod is left');
});
