/** `keelson backup` and `keelson restore`, while others write and while somebody is killed. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { CoordinatorProcess, scratchFolder } from '../security/coordinator-process.ts';
import { eventually } from '../security/shared-coordinator.ts';
import { etcdMissing } from '../store/etcd-server.ts';
import { startEtcdInMemory, storeOf } from './etcd-in-memory.ts';

t.setTimeout(300_000);

const run = promisify(execFile);
const program = new URL('../../../bin/keelson', import.meta.url).pathname;
const maps = '/api/v1/namespaces/default/configmaps';
const sets = '/apis/apps/v1/namespaces/default/deployments';

const mapCount = 200;

type Maps = Readonly<Record<string, string>>;

async function keelson({ kubeconfig }: CoordinatorProcess, ...args: readonly string[]) {
  return await run(program, [...args, '--kubeconfig', kubeconfig]);
}

async function put(coordinator: CoordinatorProcess, name: string, value: string): Promise<number> {
  const object = { metadata: { name }, data: { value } };
  const body = JSON.stringify(object);
  const made = await coordinator.asAdmin(`POST ${maps}`, body);
  if (made.status !== 409) return made.status;
  return (await coordinator.asAdmin(`PUT ${maps}/${name}`, body)).status;
}

async function mapsOf(coordinator: CoordinatorProcess): Promise<Maps> {
  const { text } = await coordinator.asAdmin(`GET ${maps}`);
  const { items } = JSON.parse(text) as {
    items: { metadata: { name: string }; data: { value: string } }[];
  };
  const own = items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt');
  return Object.fromEntries(own.map(({ metadata, data }) => [metadata.name, data.value]));
}

function deployment(name: string) {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'x' }] } };
  return { metadata: { name }, spec: { replicas: 3, selector: { matchLabels: labels }, template } };
}

async function podNames(coordinator: CoordinatorProcess): Promise<string[]> {
  const { text } = await coordinator.asAdmin('GET /api/v1/namespaces/default/pods');
  const { items } = JSON.parse(text) as { items: { metadata: Record<string, string> }[] };
  const live = items.filter(({ metadata }) => metadata['deletionTimestamp'] === undefined);
  return live.map(({ metadata }) => metadata['uid'] ?? '').toSorted();
}

/** Writes without end; what was acknowledged must be there, or be what a restoration took. */
function writeOn(coordinator: CoordinatorProcess, writers: number) {
  const end = new AbortController();
  const last = new Map<string, number>();
  const write = async (writer: number): Promise<void> => {
    for (let round = 1; !end.signal.aborted; round += 1) {
      const status = await put(coordinator, `writer-${writer}`, String(round)).catch(() => 0);
      if (status === 200 || status === 201) last.set(`writer-${writer}`, round);
    }
  };
  const all = Array.from({ length: writers }, (_, writer) => write(writer));
  return {
    last,
    stop: async () => {
      end.abort();
      await Promise.all(all);
    },
  };
}

async function checkRestore(t: Test, coordinator: CoordinatorProcess): Promise<void> {
  const file = join(coordinator.folder, 'backup.db');
  await coordinator.asAdmin(`POST ${sets}`, JSON.stringify(deployment('web')));
  t.ok(await eventually(async () => (await podNames(coordinator)).length === 3));
  for (const name of ['kept', 'changed', 'removed']) await put(coordinator, name, 'first');
  const writing = writeOn(coordinator, 4);
  t.ok(await eventually(async () => [...writing.last.values()].length === 4));
  const before = new Map(writing.last);
  const { stdout } = await keelson(coordinator, 'backup', file);
  const after = new Map(writing.last);
  t.match(stdout, /backup\.db: revision \d+, \d+ bytes/);
  t.equal(statSync(file).mode & 0o777, 0o600);
  await t.rejects(keelson(coordinator, 'backup', file), /exists already/);
  const pods = await podNames(coordinator);

  await put(coordinator, 'changed', 'second');
  await put(coordinator, 'added', 'second');
  await coordinator.asAdmin(`DELETE ${maps}/removed`);
  await coordinator.asAdmin(`DELETE ${sets}/web`);
  t.ok(await eventually(async () => (await podNames(coordinator)).length === 0));
  const restored = await keelson(coordinator, 'restore', file);
  t.match(restored.stdout, /^\d+ created, \d+ updated, \d+ deleted\n$/);
  const { kept, changed, removed, added } = await mapsOf(coordinator);
  t.same({ kept, changed, removed, added }, { kept: 'first', changed: 'first', removed: 'first' });
  // Pods come back before what they belong to: nobody may have taken them for orphans.
  t.same(await podNames(coordinator), pods, 'the same pods, and no others');
  await writing.stop();

  // With nobody who writes, each writer's map is as it was at one moment of the backup.
  await keelson(coordinator, 'restore', file);
  for (const [name, value] of Object.entries(await mapsOf(coordinator))) {
    if (!name.startsWith('writer-')) continue;
    const [low, high] = [before.get(name) ?? 0, (after.get(name) ?? 0) + 1];
    t.ok(low <= Number(value) && Number(value) <= high, `${name}: ${low} ≤ ${value} ≤ ${high}`);
  }
  t.equal(await put(coordinator, 'later', 'x'), 201, 'it goes on');
  const left = readdirSync(join(coordinator.folder, 'root'));
  t.same(
    left.filter((name) => name.startsWith('transfer-')),
    [],
  );
}

t.test('a backup among writers is one moment, and brings it back among writers', async (t) => {
  await using coordinator = await CoordinatorProcess.start();
  await checkRestore(t, coordinator);
  const file = join(coordinator.folder, 'backup.db');
  t.equal((await coordinator.request('GET /keelson/backup')).status, 401, 'it holds all secrets');
  writeFileSync(join(coordinator.folder, 'none.db'), 'this is no database');
  const damaged = keelson(coordinator, 'restore', join(coordinator.folder, 'none.db'));
  await t.rejects(damaged, /is not a database|not a keelson|damaged/);

  await using other = await CoordinatorProcess.start();
  await t.rejects(keelson(other, 'restore', file), /the backup is of another cluster/);
  // A machine that has nothing but the file becomes the same cluster.
  const folder = scratchFolder();
  await run(program, ['restore', file, '--root', join(folder, 'root')]);
  await t.rejects(run(program, ['restore', file, '--root', join(folder, 'root')]), /exists/);
  await using again = await CoordinatorProcess.start([], folder);
  t.equal(again.authority, coordinator.authority);
  t.equal((await mapsOf(again))['removed'], 'first');
  const { certificate: cert, key } = coordinator;
  t.equal((await again.request(`GET ${maps}`, { cert, key })).status, 200);
});

t.test('kill -9 in the midst leaves what the next try finishes', async (t) => {
  const folder = scratchFolder();
  const file = join(folder, 'backup.db');
  {
    await using coordinator = new Kept(await CoordinatorProcess.start([], folder));
    const { process: server } = coordinator;
    await putAll(server, 'first');
    await keelson(server, 'backup', file);
    await putAll(server, 'second');
    // Once while a backup is written, and once while one is brought back.
    const backup = spawn(program, ['backup', `${file}.2`, '--kubeconfig', server.kubeconfig]);
    await eventually(async () => transfers(folder).length > 0 || backup.exitCode !== null);
    await server.stop('SIGKILL');
    if (backup.exitCode === null) await once(backup, 'exit');
  }
  t.ok(backupIsWholeOrAbsent(`${file}.2`));
  {
    await using coordinator = new Kept(await CoordinatorProcess.start([], folder));
    const { process: server } = coordinator;
    t.same(transfers(folder), [], 'what was on its way is removed');
    const restore = spawn(program, ['restore', file, '--kubeconfig', server.kubeconfig]);
    await eventually(async () => {
      const { 'map-0': first } = await mapsOf(server);
      return first === 'first' || restore.exitCode !== null;
    });
    await server.stop('SIGKILL');
    if (restore.exitCode === null) await once(restore, 'exit');
  }
  await using coordinator = await CoordinatorProcess.start([], folder);
  t.equal(await put(coordinator, 'after', 'x'), 201, 'nobody waits for who was killed');
  await keelson(coordinator, 'restore', file);
  const values = await mapsOf(coordinator);
  t.same(new Set(Object.values(values)), new Set(['first']));
  t.equal(Object.keys(values).length, mapCount);
});

t.test('the same over etcd', { skip: etcdMissing }, async (t) => {
  await using etcd = await startEtcdInMemory();
  const flags = ['--store', storeOf(etcd)];
  await using coordinator = await CoordinatorProcess.start(flags);
  await using other = await CoordinatorProcess.start(flags);
  t.equal((await mapsOf(other))['none'], undefined);
  await checkRestore(t, coordinator);
});

/** A few at a time: each is a connection of its own. */
async function putAll(coordinator: CoordinatorProcess, value: string): Promise<void> {
  for (let at = 0; at < mapCount; at += 10) {
    const some = Array.from({ length: 10 }, (_, index) => `map-${at + index}`);
    await Promise.all(some.map((name) => put(coordinator, name, value)));
  }
}

/** A coordinator whose folder outlives it. */
class Kept implements AsyncDisposable {
  readonly process: CoordinatorProcess;

  constructor(process: CoordinatorProcess) {
    this.process = process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop('SIGKILL');
  }
}

function transfers(folder: string): string[] {
  return readdirSync(join(folder, 'root')).filter((name) => name.startsWith('transfer-'));
}

function backupIsWholeOrAbsent(path: string): boolean {
  return !existsSync(path) || readFileSync(path).subarray(0, 15).toString() === 'SQLite format 3';
}
