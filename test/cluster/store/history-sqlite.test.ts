import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { diskFault, mountTmpfs, pauseFault } from './faults.ts';
import { type Fault, runHistory } from './history-run.ts';
import { HostedStore } from './hosted-store.ts';
import { chooseSeed, Random } from './random.ts';

const seconds = Number(process.env['KEELSON_SECONDS'] ?? 15);
t.setTimeout((seconds + 90) * 1_000);

t.test('SQLite keeps its promises through kill, pause and a full disk', async (t) => {
  t.setTimeout((seconds + 90) * 1_000);
  const seed = chooseSeed();
  const folder = await mkdtemp(join(tmpdir(), 'keelson-history-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await using disk = mountTmpfs(folder, 512);
  t.comment(`seed ${seed}, ${disk === undefined ? 'without a full disk: not root' : 'tmpfs'}`);
  await using store = new HostedStore({ path: join(folder, 'store.db') });
  const faults: [Fault, ...Fault[]] = [
    { name: 'kill', happen: async () => store.signal('SIGKILL') },
    pauseFault(() => store.pid),
  ];
  if (disk !== undefined) faults.push(diskFault(folder));
  const result = await runHistory({ store, random: new Random(seed), faults, seconds });
  t.comment(result.summary);
  t.same(result.faults.slice(0, 10), [], `seed ${seed}`);
});
