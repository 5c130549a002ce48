/** Runs one plugin as a program of its own: `node cni-plugins/main.ts host-local`. */
import { text } from 'node:stream/consumers';
import { answer } from '../src/cni/answer.ts';
import { builtinInvoker } from '../src/cni/builtin-invoker.ts';
import { Journal } from '../src/cni/journal.ts';
import { maintainLeases } from './dhcp/maintain.ts';
import { plugins } from './registry.ts';

/** A plugin whose caller gave up must not go on for ever. */
const longestMs = 120_000;

const type = process.argv[2] ?? '';
const plugin = plugins.get(type);
if (type === 'dhcp' && process.argv[3] === 'daemon') {
  // Where no resident runtime renews leases: like `dhcp daemon` of the reference.
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  await maintainLeases(stop.signal, (line) => console.error(line));
} else if (plugin === undefined) {
  console.error(`keelson has no CNI plugin "${type}"; it has ${[...plugins.keys()].join(', ')}`);
  process.exitCode = 1;
} else {
  const { exitCode, stdout, stderr } = await answer(plugin, {
    environment: process.env,
    readInput: () => text(process.stdin),
    signal: AbortSignal.timeout(longestMs),
    invoke: builtinInvoker({ plugins }),
    // The resident runtime's own, so that either undoes what a killed one of the other left.
    journal: new Journal(`${process.env['KEELSON_STATE'] || '/run/keelson'}/cni`),
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}
