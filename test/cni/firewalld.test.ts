/** Our firewall and the reference's beside a real firewalld, on a bus and a host of the test's. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { skip as noHosts, TestHost, type Maker } from './test-host.ts';
import { until } from '../until.ts';

const programs = ['/usr/bin/dbus-daemon', '/usr/sbin/firewalld', '/usr/bin/firewall-cmd'];
const absent = programs.filter((path) => !existsSync(path));
const skip = noHosts || (absent.length > 0 && `needs ${absent.join(', ')}`);
t.setTimeout(300_000);

class Firewalld implements Disposable {
  readonly host = new TestHost();
  readonly #folder = mkdtempSync('/tmp/keelson-firewalld-');
  readonly environment = {
    DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${this.#folder}/bus`,
    KEELSON_STATE: this.#folder,
  };

  async start(): Promise<void> {
    const config = join(this.#folder, 'bus.conf');
    writeFileSync(
      config,
      `<busconfig><type>custom</type><listen>unix:path=${this.#folder}/bus</listen>
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*"/>
<allow receive_sender="*"/><allow own="*"/></policy></busconfig>`,
    );
    this.host.start('host', 'dbus-daemon', '--nofork', '--config-file', config);
    await until(() => existsSync(`${this.#folder}/bus`));
    this.host.start(
      'host',
      ...this.#inBus('firewalld', '--nofork', '--nopid', '--system-config', this.#folder),
    );
    await until(() => this.ask('--state').includes('running'));
  }

  /** What `firewall-cmd` says; nothing when it fails. */
  ask(...args: readonly string[]): string {
    try {
      return this.host.exec('host', ...this.#inBus('firewall-cmd', ...args)).trim();
    } catch {
      return '';
    }
  }

  call(maker: Maker, verb: string, config: object = { backend: 'firewalld' }) {
    const previous = this.host.previousResult();
    const input = { cniVersion: '1.0.0', ...config, prevResult: previous };
    return this.host.call(maker, 'firewall', { verb, input, environment: this.environment });
  }

  #inBus(...words: readonly string[]): [string, ...string[]] {
    return ['env', `DBUS_SYSTEM_BUS_ADDRESS=unix:path=${this.#folder}/bus`, ...words];
  }

  [Symbol.dispose](): void {
    this.host[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

t.test('pods are sources of a zone, as with the reference', { skip }, async (t) => {
  using firewalld = new Firewalld();
  await firewalld.start();
  const sources = (zone = 'trusted') =>
    firewalld.ask('--zone', zone, '--list-sources').split(' ').filter(Boolean).toSorted();
  t.equal(firewalld.call('reference', 'ADD').exitCode, 0);
  const expected = sources();
  t.ok(expected.length > 0, expected.join());
  t.equal(firewalld.call('reference', 'DEL').exitCode, 0);
  for (const config of [{ backend: 'firewalld' }, {}]) {
    const words = JSON.stringify(config);
    t.match(firewalld.call('ours', 'ADD', config), { exitCode: 0 }, words);
    t.same(sources(), expected, words);
    t.equal(firewalld.call('ours', 'ADD', config).exitCode, 0, 'again does no harm');
    t.equal(firewalld.call('ours', 'CHECK', config).exitCode, 0);
    t.notMatch(firewalld.host.exec('host', 'nft', 'list', 'ruleset'), 'keelson_firewall');
    t.equal(firewalld.call('ours', 'DEL', config).exitCode, 0);
    t.same(sources(), []);
    t.equal(firewalld.call('ours', 'DEL', config).exitCode, 0, 'again is nothing to do');
    t.equal(firewalld.call('ours', 'CHECK', config).exitCode, 1);
  }
  const zone = { firewalldZone: 'internal' };
  t.equal(firewalld.call('ours', 'ADD', zone).exitCode, 0);
  t.same(sources('internal'), expected);
  t.equal(firewalld.call('reference', 'DEL', { backend: 'firewalld', ...zone }).exitCode, 0);
  t.same(sources('internal'), [], 'either removes what the other made');
  t.match(firewalld.call('ours', 'ADD', { firewalldZone: 'absent' }), {
    exitCode: 1,
    document: { msg: /firewalld does not addSource/, details: /INVALID_ZONE/ },
  });
});

t.test('without firewalld', { skip: noHosts }, async (t) => {
  using host = new TestHost();
  const environment = { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent' };
  const call = (verb: string, config: object) => {
    const input = { cniVersion: '1.0.0', ...config, prevResult: host.previousResult() };
    return host.call('ours', 'firewall', { verb, input, environment });
  };
  t.match(call('ADD', { backend: 'firewalld' }), {
    exitCode: 1,
    document: { code: 11, msg: /firewalld does not addSource/ },
  });
  t.equal(call('DEL', { backend: 'firewalld' }).exitCode, 0);
  t.match(call('ADD', { firewalldZone: 'a b' }), { exitCode: 1, document: { code: 7 } });
  t.equal(host.exec('host', 'nft', 'list', 'ruleset'), '');
  t.equal(call('ADD', {}).exitCode, 0);
  t.match(host.exec('host', 'nft', 'list', 'ruleset'), 'keelson_firewall');
});
