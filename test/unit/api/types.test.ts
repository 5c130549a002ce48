import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const program = fileURLToPath(new URL('../../../scripts/derive-types.ts', import.meta.url));
const kept = fileURLToPath(new URL('../../../src/api/types/generated', import.meta.url));

t.test('the types are those of the field tables', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync(process.execPath, [program, folder]);
  t.same(readdirSync(folder), readdirSync(kept));
  for (const name of readdirSync(kept)) {
    t.equal(readFileSync(join(folder, name), 'utf8'), readFileSync(join(kept, name), 'utf8'), name);
  }
});
