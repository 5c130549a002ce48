import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { configurationFields } from '../../../../src/kubelet/config/fields.ts';

/** Sections whose one field is named in the warning by itself. */
const sections = ['memorySwap', 'crashLoopBackOff'];
const source = fileURLToPath(new URL('../../../../src/', import.meta.url));

t.test('what is said to be honoured is read by somebody', async (t) => {
  const texts = ['kubelet', 'cli'].flatMap((folder) =>
    readdirSync(source + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'config/fields.ts')
      .map((name) => readFileSync(`${source}${folder}/${name}`, 'utf8')),
  );
  const all = texts.join('\n');
  const unread = Object.entries(configurationFields)
    .filter(([name]) => !sections.includes(name))
    .filter(([name, { honoured }]) => honoured && !new RegExp(`\\b${name}\\b`).test(all))
    .map(([name]) => name);
  t.same(unread, []);
});
