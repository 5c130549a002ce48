/** Runs one plugin as a program of its own: `node cni-plugins/main.ts host-local`. */
import { text } from 'node:stream/consumers';
import { answer } from '../src/cni/answer.ts';
import { builtinInvoker } from '../src/cni/builtin-invoker.ts';
import { Journal } from '../src/cni/journal.ts';
import { loadPlugins } from './load-plugins.ts';

/** A plugin whose caller gave up must not go on for ever. */
const longestMs = 120_000;

const [type = '', argument] = process.argv.slice(2);
const verb = process.env['CNI_COMMAND'] ?? '';
if (type === 'dhcp' && argument === 'daemon') await runDaemon();
// A runtime may close stdin for VERSION.
const input = ['', 'VERSION'].includes(verb) ? '' : await text(process.stdin);
const plugins = await loadPlugins([type, ...delegatesOf(type, input)]);
const plugin = plugins.get(type);
if (plugin === undefined) {
  console.error(`keelson has no CNI plugin "${type}"`);
  process.exitCode = 1;
} else {
  const { exitCode, stdout, stderr } = await answer(plugin, {
    environment: process.env,
    readInput: () => Promise.resolve(input),
    signal: AbortSignal.timeout(longestMs),
    invoke: builtinInvoker({ plugins }),
    // The resident runtime's own, so that either undoes what a killed one of the other left.
    journal: new Journal(`${process.env['KEELSON_STATE'] || '/run/keelson'}/cni`),
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}

/** `dhcp daemon`, as units of the reference start it, where no runtime renews leases. */
async function runDaemon(): Promise<never> {
  const { maintainLeases } = await import('./dhcp/maintain.ts');
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  await maintainLeases(stop.signal, (line) => console.error(line));
  process.exit(0);
}

/** What it will call, `overlay` by `ptp` or `bridge`; what is wrong is the plugin's to say. */
function delegatesOf(caller: string, configuration: string): readonly string[] {
  try {
    const document = JSON.parse(configuration) as {
      attach?: unknown;
      ipam?: { type?: unknown };
    } | null;
    const attach = typeof document?.attach === 'string' ? document.attach : 'ptp';
    if (caller === 'overlay') return [attach, 'host-local'];
    const delegate = document?.ipam?.type;
    return typeof delegate === 'string' ? [delegate] : [];
  } catch {
    return [];
  }
}
