/** The resident CNI service alone, in a process that a test may stop and kill: `node … FOLDER`. */
import { plugins } from '../../cni-plugins/registry.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { openLog } from '../../src/base/log.ts';
import { Journal } from '../../src/cni/journal.ts';
import type { CniPlugin } from '../../src/cni/plugin.ts';
import { Resident } from '../../src/cni/resident.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { CniServer } from '../../src/cli/serve-cni.ts';

const folder = process.argv[2] ?? '';
const nothing = () => Promise.resolve();

/** Tells the test what became of its call: a plugin that waits until its signal aborts. */
const waiting: CniPlugin = {
  type: 'waiting',
  specVersions,
  async add({ containerId }, signal) {
    console.log(`begun ${containerId}`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    console.log(`aborted ${containerId}`);
    throw new CniError(CniCode.tryAgainLater, 'aborted');
  },
  async delete({ containerId }) {
    console.log(`deleted ${containerId}`);
    return nothing();
  },
  check: nothing,
  status: nothing,
  collectGarbage: nothing,
};

/** Answers with what it was given; `pad` makes the answer long. */
const echo: CniPlugin = {
  ...waiting,
  type: 'echo',
  async add(request) {
    const { config, netns, netnsFd = -1 } = request;
    const search = [String(netnsFd >= 0), netns, ...request.args.values()];
    const pad = 'x'.repeat(Number(config['pad'] ?? 0));
    const dns = { nameservers: [], search, options: pad === '' ? [] : [pad] };
    return Promise.resolve({ interfaces: [], addresses: [], routes: [], dns });
  },
  delete: nothing,
};

const resident = new Resident({
  plugins: new Map([...plugins, ['waiting', waiting], ['echo', echo]]),
  journal: new Journal(`${folder}/cni`),
});
const problems = await resident.recover(AbortSignal.timeout(10_000));
for (const problem of problems) console.log(`problem ${problem}`);
const server = new CniServer({ resident, folder, log: openLog('resident') });
process.on('SIGTERM', () => void server.close(5000).then(() => process.exit(0)));
console.log('ready');
