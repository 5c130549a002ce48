import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { testConformance } from './conformance.ts';
import { temporaryFolder } from './opening.ts';

testConformance(t, async (t) => openEmbeddedStore(join(await temporaryFolder(t), 'store.db')));
