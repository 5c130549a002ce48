/** A runtime of its own that does one thing until it is killed: OPERATION STATE FILE. */
import { pino } from 'pino';
import { openImageService } from '../../../src/image/open-image-service.ts';

const [operation = '', stateFolder = '', file = ''] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const images = await openImageService({ stateFolder, log, dockerConfig: '', certsFolder: '' });
console.log('open');
if (operation === 'load') await images.load(file);
if (operation === 'import') await images.import(file, { name: 'imported:1' });
if (operation === 'commit') await images.commit('box', { name: 'committed:1' });
if (operation === 'save') await images.save(['base:1'], { path: file, format: 'oci' });
if (operation === 'remove') await images.remove('base:1', { force: true });
if (operation === 'push') await images.push(file);
console.log('done');
await images.close();
