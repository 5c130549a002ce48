/**
 * A runtime that recover.test.ts kills: `node victim.ts STATE REQUEST-FILE VERB...` does the verbs
 * in order. KEELSON_FAULT says where it dies, or fails: `!VERB` has to, and is then done again.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ContainerRequest } from '../../../src/container/container-engine.ts';
import { KeelsonEngine } from '../../../src/container/engine.ts';

const [stateFolder = '', file = '', ...verbs] = process.argv.slice(2);
const request = JSON.parse(readFileSync(file, 'utf8')) as ContainerRequest;
const engine = new KeelsonEngine({ stateFolder });
const { id, spec } = request;

/** The container runs already; its request says what else is to run in it. */
async function execAndDie(): Promise<void> {
  const args = spec.process?.args ?? [];
  const session = await engine.exec(id, { args, terminal: false, stdin: false });
  session.stdout.once('data', () => process.kill(process.pid, 'SIGKILL'));
  await session.exited;
}

for (const verb of verbs) {
  if (!verb.startsWith('!')) await act(verb);
  else {
    await assert.rejects(act(verb.slice(1)), /Fault at/);
    await act(verb.slice(1));
  }
}
await engine.close();

async function act(verb: string): Promise<void> {
  if (verb === 'create') await engine.create(request);
  else if (verb === 'start') await engine.start(id);
  else if (verb === 'stop') await engine.stop(id, { signal: 'SIGTERM', timeoutMs: 500 });
  else if (verb === 'remove') await engine.remove(id);
  else if (verb === 'recover') await engine.recover();
  else if (verb === 'exec') await execAndDie();
  else if (verb === 'die') process.kill(process.pid, 'SIGKILL');
}
