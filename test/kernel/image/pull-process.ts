/** A runtime of its own that pulls until it is killed: STATE NAME; says when it begins and ends. */
import { pino } from 'pino';
import { openImageService } from '../../../src/image/open-image-service.ts';

const [stateFolder = '', name = ''] = process.argv.slice(2);
const log = pino({ level: 'silent' });
const images = await openImageService({ stateFolder, log, dockerConfig: '', certsFolder: '' });
console.log('open');
await images.pull(name);
console.log('pulled');
await images.remove(name);
console.log('removed');
await images.close();
