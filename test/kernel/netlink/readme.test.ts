import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { skip, TestNamespace } from './namespace.ts';

const index = new URL('../../../src/index.ts', import.meta.url).href;
const readme = readFileSync(new URL('../../../src/netlink/README.md', import.meta.url), 'utf8');
const examples = readme.matchAll(/^## (.+)$[^]*?^```ts\n([^]*?)^```\n\n^```text\n([^]*?)^```$/gm);

t.test('the examples of the README print what it says', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-readme-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  let ran = 0;
  for (const [, title = '', code = '', expected] of examples) {
    using host = new TestNamespace();
    using blue = new TestNamespace();
    const file = join(folder, `${++ran}.mts`);
    const program = code
      .replaceAll('/run/netns/host', host.path)
      .replaceAll('/run/netns/blue', blue.path)
      .replaceAll("'keelson'", `'${index}'`);
    writeFileSync(file, program);
    const printed = execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 30_000 });
    t.equal(printed, expected, title);
  }
  t.equal(ran, (readme.match(/^```ts$/gm) ?? []).length, 'all of them ran');
});
