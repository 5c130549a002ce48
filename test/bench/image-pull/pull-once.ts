/** pull-once.ts STATE-FOLDER IMAGE: pulls and prints the time and the process's peak memory. */
import { pino } from 'pino';
import { openImageService } from '../../../src/image/open-image-service.ts';

const [stateFolder = '', name = ''] = process.argv.slice(2);
const registries = { [name.split('/')[0] ?? '']: { plainHttp: true } };
const log = pino({ level: 'silent' });
const images = await openImageService({ stateFolder, registries, log, dockerConfig: '' });
const start = performance.now();
await images.pull(name);
const ms = performance.now() - start;
const peakMiB = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ ms, peakMiB }));
await images.close();
