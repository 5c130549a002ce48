import t from 'tap';
import { circlesOf } from './circle.ts';

const imports = (target: string) => `import type { X } from './${target}';\n`;

t.test('modules that stand on each other in order are no circle', async (t) => {
  const texts = new Map([
    ['src/a.ts', imports('b.ts') + imports('c.ts')],
    ['src/b.ts', imports('c.ts')],
    ['src/c.ts', ''],
  ]);
  t.same(circlesOf(texts), []);
});

t.test('a ring is named once, by its whole way, also where only types go round', async (t) => {
  const texts = new Map([
    ['src/top.ts', imports('a.ts')],
    ['src/a.ts', imports('b.ts')],
    ['src/b.ts', imports('c.ts')],
    ['src/c.ts', imports('a.ts')],
  ]);
  t.same(circlesOf(texts), [
    'src/a.ts:1: imports itself: src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts',
  ]);
});
