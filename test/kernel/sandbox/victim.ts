/**
 * A runtime that place.ts kills: `node victim.ts FOLDER REQUEST-FILE VERB...` does the verbs in
 * order. KEELSON_FAULT says where it dies, or fails: `!VERB` has to, and is then done again.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { PodSandboxRequest } from '../../../src/sandbox/sandbox-service.ts';
import { openNode } from './open-node.ts';

const [folder = '', file = '', ...verbs] = process.argv.slice(2);
const request = JSON.parse(readFileSync(file, 'utf8')) as PodSandboxRequest;
const { engine, pods } = openNode(folder);
await engine.recover();
await pods.recover();
process.stdout.write('begins\n');
for (const verb of verbs) {
  if (!verb.startsWith('!')) await act(verb);
  else {
    await assert.rejects(act(verb.slice(1)), /Fault at/);
    await act(verb.slice(1));
  }
}
await engine.close();

async function act(verb: string): Promise<void> {
  if (verb === 'run') await pods.run(request);
  else if (verb === 'stop') await pods.stop(request.id);
  else if (verb === 'remove') await pods.remove(request.id);
}
