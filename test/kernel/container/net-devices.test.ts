import { execFileSync } from 'node:child_process';
import t from 'tap';
import type { Spec } from '../../../src/container/spec.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

/** One end of a pair, of the host; one that went with a container's namespace is gone already. */
class Device implements Disposable {
  readonly name: string;

  constructor(suffix: string) {
    this.name = `kn${process.pid % 100_000}${suffix}`;
    ip('link', 'add', this.name, 'type', 'veth', 'peer', 'name', `${this.name}p`);
    ip('link', 'set', this.name, 'up', 'mtu', '1280');
    ip('address', 'add', '192.0.2.7/28', 'broadcast', '+', 'dev', this.name);
    ip('-6', 'address', 'add', '2001:db8::7/64', 'nodad', 'dev', this.name);
    ip(
      'address',
      'add',
      '192.0.2.200/28',
      'valid_lft',
      '900',
      'preferred_lft',
      '900',
      'dev',
      this.name,
    );
    ip('address', 'add', '169.254.9.9/16', 'scope', 'link', 'dev', this.name);
  }

  get there(): boolean {
    return ip('-o', 'link').includes(`: ${this.name}@`);
  }

  [Symbol.dispose](): void {
    if (this.there) ip('link', 'delete', this.name);
  }
}

/** What the container's namespace has, once its program runs. */
async function seenInside(scratch: Scratch, netDevices: object, change: Partial<Spec> = {}) {
  const linux = { netDevices: netDevices as Record<string, { name?: string }> };
  const request = scratch.bundle.request('c', ['sleep', '1000'], { ...change, linux });
  await scratch.engine.create(request);
  const { pid } = await scratch.engine.start('c');
  const addresses = execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', '-o', 'address'], {
    encoding: 'utf8',
  });
  const links = execFileSync('nsenter', ['-t', String(pid), '-n', 'ip', '-o', 'link'], {
    encoding: 'utf8',
  });
  return { addresses, links };
}

t.test('a device moves with its permanent global addresses, renamed, and is up', async (t) => {
  await using scratch = new Scratch();
  using device = new Device('a');
  const { addresses, links } = await seenInside(scratch, { [device.name]: { name: 'net7' } });
  t.notOk(device.there, 'the host has it no more');
  t.match(links, /: net7@\S+ <[^>]*\bUP\b.* mtu 1280 /);
  t.match(addresses, /net7 +inet 192\.0\.2\.7\/28 brd 192\.0\.2\.15 scope global/);
  t.match(addresses, /net7 +inet6 2001:db8::7\/64 scope global/);
  t.notMatch(addresses, /192\.0\.2\.200/, 'one that would have expired stays behind');
  t.notMatch(addresses, /169\.254\.9\.9/, 'and so does one of the link');
  await scratch.engine.remove('c');
});

t.test('without a name it keeps its own; a template gets a number', async (t) => {
  await using scratch = new Scratch();
  using first = new Device('a');
  using second = new Device('b');
  const devices = { [first.name]: {}, [second.name]: { name: 'lo%d' } };
  const { links } = await seenInside(scratch, devices);
  t.match(links, new RegExp(`: ${first.name}@\\S+ <.*UP`));
  t.match(links, /: lo0@\S+ <.*UP/);
  await scratch.engine.remove('c');
});

function permanent(text: string): string[] {
  return text.split('\n').filter((line) => / global .* forever/.test(line));
}

t.test('what cannot be moved fails create, and all stays with the host as it was', async (t) => {
  await using scratch = new Scratch();
  using first = new Device('a');
  using second = new Device('b');
  const before = ip('-o', 'address', 'show', first.name).replaceAll(/^\d+/gm, '');
  const host = { namespaces: [{ type: 'mount' as const }, { type: 'pid' as const }] };
  const refused: readonly [object, RegExp, object?][] = [
    [{ [first.name]: {}, [second.name]: { name: 'lo' } }, /network device ".*b": .*EEXIST/],
    [{ [first.name]: {}, nosuchdev0: {} }, /network device "nosuchdev0": .*ENODEV/],
    [{ [first.name]: {}, lo: { name: 'lo5' } }, /network device "lo": /],
    [{ [first.name]: { name: 'a/b' } }, /"a\/b" is no name/],
    [{ [first.name]: { name: 'a'.repeat(16) } }, /is no name/],
    [{ [first.name]: { name: '%s' } }, /is no name/],
    [{ [first.name]: { name: 'x' }, [second.name]: { name: 'x' } }, /to be named "x"/],
    [{ [first.name]: {} }, /need a network namespace/, host],
  ];
  for (const [netDevices, message, linux = {}] of refused) {
    const change = { linux: { netDevices: netDevices as Record<string, object>, ...linux } };
    const request = scratch.bundle.request('c', ['true'], change);
    await t.rejects(scratch.engine.create(request), { kind: 'invalid', message }, String(message));
    t.same(scratch.engine.list(), []);
    t.ok(first.there && second.there, 'both are there');
  }
  const after = ip('-o', 'address', 'show', first.name).replaceAll(/^\d+/gm, '');
  t.same(permanent(after), permanent(before), 'with their addresses');
  t.match(ip('-o', 'link', 'show', first.name), /<.*\bUP\b/, 'and up');
});

t.test('hooks of the runtime find the devices moved', async (t) => {
  await using scratch = new Scratch();
  using device = new Device('a');
  const found = scratch.bundle.path('found');
  const pid = `$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/')`;
  const script = `nsenter -t ${pid} -n ip -o link > ${found}`;
  const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'];
  const hook = { path: '/bin/sh', args: ['sh', '-c', script], env };
  const netDevices = { [device.name]: { name: 'net7' } };
  await seenInside(scratch, netDevices, { hooks: { createRuntime: [hook] } });
  t.match(execFileSync('cat', [found], { encoding: 'utf8' }), / net7@/);
  await scratch.engine.remove('c');
});
