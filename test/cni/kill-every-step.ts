/**
 * Kills every step of ADD and DEL of every plugin, collects garbage after each, and prints a line
 * of JSON for each that says what is left: `node … FOLDER POD [NAME…]`, in the host's namespace.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { live, type Lived } from './fault.ts';
import { plugins } from '../../cni-plugins/registry.ts';
import { builtinInvoker } from '../../src/cni/builtin-invoker.ts';
import { Journal } from '../../src/cni/journal.ts';
import type { JsonObject } from '../../src/cni/json.ts';
import { perform } from '../../src/cni/perform.ts';
import { type Scenario, scenarios } from './kill-scenarios.ts';
import { difference, leftovers } from './leftovers.ts';

const [folder = '', pod = '', ...names] = process.argv.slice(2);
/** Above the largest number that a process can have. */
const noProcess = '4194305';
/** No plugin takes that many. */
const mostSteps = 120;
const collectors = { kept: `${folder}/journal`, lost: `${folder}/journal-lost` };

/** What is said of each step. */
export interface Report {
  readonly scenario: string;
  readonly verb: string;
  readonly step: number;
  /** The effects before the end. */
  readonly steps: readonly string[];
  readonly after: string;
  readonly left: readonly string[];
}

async function call(
  verb: string,
  config: JsonObject,
  journal: string = collectors.kept,
): Promise<JsonObject | undefined> {
  const plugin = plugins.get(String(config['type']));
  if (plugin === undefined) throw new Error('no such plugin');
  const environment = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: 'container-1',
    CNI_IFNAME: config['type'] === 'loopback' ? 'lo' : 'eth0',
    CNI_NETNS: `/run/netns/${pod}`,
    CNI_PATH: `${folder}/empty`,
  };
  const invoke = builtinInvoker({ plugins });
  const input = { cniVersion: '1.1.0', name: 'net', 'cni.dev/valid-attachments': [], ...config };
  const options = { signal: AbortSignal.timeout(60_000), journal: new Journal(journal) };
  return await perform(plugin, { environment, input, invoke }, options);
}

/** ADDs of the plugins before the last one; gives that one's configuration. */
async function before({ chain }: Scenario): Promise<JsonObject> {
  let prevResult: JsonObject | undefined;
  for (const config of chain.slice(0, -1)) {
    prevResult = await call('ADD', { ...config, ...(prevResult && { prevResult }) });
  }
  return { ...chain.at(-1), ...(prevResult && { prevResult }) };
}

async function each(verb: string, chain: Scenario['chain'], journal?: string): Promise<void> {
  for (const config of chain.toReversed()) await call(verb, config, journal);
}

/** This process lives on, so its files are given to one that has ended. */
function bury(): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = `${folder}/${name}`;
    if (name.endsWith(`.new-${process.pid}`)) renameSync(path, path.replace(/\d+$/, noProcess));
    if (!name.endsWith('.begun')) continue;
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/"startTime":"\d+"/, '"startTime":"1"'));
  }
}

/** The files of a journal that is lost on purpose are no leftover. */
function present(journal: string): string[] {
  if (journal === collectors.lost) rmSync(collectors.kept, { recursive: true, force: true });
  mkdirSync(collectors.kept, { recursive: true });
  const places = ['leases', 'tuning', 'dhcp'].map((name) => `${folder}/${name}`);
  return leftovers(pod, [...places, collectors.kept]);
}

async function killAdd(scenario: Scenario, step: number): Promise<Lived> {
  const config = await before(scenario);
  return await live(step, () => call('ADD', config));
}

async function killDelete(scenario: Scenario, step: number): Promise<Lived> {
  const config = await before(scenario);
  const prevResult = await call('ADD', config);
  return await live(step, () => call('DEL', { ...config, ...(prevResult && { prevResult }) }));
}

/** How what a killed call left is put in order. */
const remedies = {
  GC: (scenario: Scenario) => each('GC', scenario.chain),
  'GC without the journal': (scenario: Scenario) => each('GC', scenario.chain, collectors.lost),
  DEL: (scenario: Scenario) => each('DEL', scenario.chain),
} as const;

async function killEverywhere(
  scenario: Scenario,
  verb: 'ADD' | 'DEL',
  after: keyof typeof remedies,
): Promise<void> {
  const kill = verb === 'ADD' ? killAdd : killDelete;
  const journal = after === 'GC without the journal' ? collectors.lost : collectors.kept;
  const clean = present(journal);
  for (let step = 1; step <= mostSteps; step++) {
    const { killed, steps, error } = await kill(scenario, step);
    bury();
    await remedies[after](scenario);
    const left = difference(clean, present(journal));
    const head = { scenario: scenario.name, verb, step, after, steps };
    console.log(JSON.stringify({ ...head, left } satisfies Report));
    // One thing that is left would be reported of all later steps.
    if (left.length > 0 || !killed) {
      if (!killed && error !== undefined) throw error;
      return;
    }
  }
}

async function run(scenario: Scenario): Promise<void> {
  for (const command of scenario.prepare ?? []) execFileSync('sh', ['-c', command]);
  // What a first ADD makes for all that follow, such as the bridge, stays.
  await killAdd(scenario, 0);
  await each('DEL', scenario.chain);
  await killEverywhere(scenario, 'ADD', 'GC');
  await killEverywhere(scenario, 'DEL', 'GC');
  await killEverywhere(scenario, 'DEL', 'DEL');
  if (scenario.marked) await killEverywhere(scenario, 'ADD', 'GC without the journal');
}

process.env['KEELSON_STATE'] = folder;
mkdirSync(`${folder}/empty`, { recursive: true });
for (const scenario of scenarios(folder)) {
  if (names.length > 0 && !names.includes(scenario.name)) continue;
  const skip = scenario.skip?.();
  if (skip !== undefined) {
    console.log(JSON.stringify({ scenario: scenario.name, skip }));
    continue;
  }
  try {
    await run(scenario);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.log(JSON.stringify({ scenario: scenario.name, error: text }));
  } finally {
    for (const command of scenario.after ?? []) execFileSync('sh', ['-c', command]);
  }
}
// The shared connection to nf_tables stays open as long as the process.
process.exit(existsSync(folder) ? 0 : 1);
