import { basename } from 'node:path';
import t, { type Test } from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ControlledServer } from '../controller/controlled-server.ts';
import type { Line } from './line.ts';
import { lines } from './lines.ts';
import { manifests } from './manifests.ts';
import { moreLines } from './more-lines.ts';

const kubectls = findPrograms();
if (kubectls.length === 0) {
  t.plan(0, 'no kubectl on this machine');
  process.exit();
}

// The newest alone, unless all are asked for: each is some minutes of starting programs.
const all = process.env['KEELSON_ALL_KUBECTLS'] !== undefined;
const tried = all ? kubectls : kubectls.slice(-1);
t.setTimeout(tried.length * 900_000);

for (const program of tried) {
  t.test(`${basename(program)} shows what the books show`, (t) => show(t, program, lines));
  t.test(`${basename(program)} shows it by other words`, (t) => show(t, program, moreLines));
}

async function show(t: Test, program: string, shown: readonly Line[]): Promise<void> {
  await using server = await ControlledServer.start();
  const paths = new Map(
    Object.entries(manifests).map(([name, text]) => [name, server.manifest(name, text)]),
  );
  for (const { command, shows, waits } of shown) {
    const args = command.split(' ').map((word) => {
      const [flag = '', file = ''] = word.split('=');
      return paths.get(word) ?? (paths.has(file) ? `${flag}=${paths.get(file) ?? ''}` : word);
    });
    const seen =
      waits === true ? await server.until(program, shows, args) : await once(server, program, args);
    t.ok(shows.test(seen), command, { seen, shows: shows.source });
  }
}

async function once(
  server: ControlledServer,
  program: string,
  args: readonly string[],
): Promise<string> {
  const { stdout, stderr } = await server.kubectl(program, ...args);
  return stdout + stderr;
}
