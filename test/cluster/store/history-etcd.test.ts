import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { EtcdServer, etcdMissing, startEtcd } from './etcd-server.ts';
import { diskFault, mountTmpfs, pauseFault } from './faults.ts';
import { type Fault, runHistory } from './history-run.ts';
import { HostedStore } from './hosted-store.ts';
import { chooseSeed, Random } from './random.ts';

const seconds = Number(process.env['KEELSON_SECONDS'] ?? 15);
t.setTimeout((seconds + 90) * 1_000);

t.test(
  'etcd keeps its promises through kill, pause and a full disk',
  { skip: etcdMissing },
  async (t) => {
    t.setTimeout((seconds + 90) * 1_000);
    const seed = chooseSeed();
    const folder = await mkdtemp(join(tmpdir(), 'keelson-history-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    // etcd sets aside 64 MB for each part of its log.
    await using disk = mountTmpfs(folder, 400);
    t.comment(`seed ${seed}, ${disk === undefined ? 'without a full disk: not root' : 'tmpfs'}`);
    await using server = await startEtcd({ folder: join(folder, 'etcd') });
    await using store = new HostedStore({ endpoints: [server.endpoint] });
    const faults: [Fault, ...Fault[]] = [
      { name: 'kill etcd', happen: () => killAndStart(server) },
      { name: 'kill the client', happen: async () => store.signal('SIGKILL') },
      pauseFault(() => server.pid),
      pauseFault(() => store.pid),
    ];
    if (disk !== undefined) faults.push(diskFault(folder));
    // What dies of a full disk is started again, as an init system does.
    let deaths = 0;
    const keeper = setInterval(() => {
      if (server.isRunning) return;
      deaths++;
      server.start();
    }, 300);
    const result = await runHistory({ store, random: new Random(seed), faults, seconds });
    clearInterval(keeper);
    t.comment(`${result.summary}; etcd died ${deaths} times of it`);
    t.same(result.faults.slice(0, 10), [], `seed ${seed}`);
  },
);

async function killAndStart(server: EtcdServer): Promise<void> {
  await server.kill();
  if (!server.isRunning) server.start();
}
