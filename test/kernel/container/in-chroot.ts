/** What a container and an exec in it see as their root; chroot.test.ts runs this in a chroot. */
import { text } from 'node:stream/consumers';
import { isChrooted } from '../../../src/kernel/chroot.ts';
import { Scratch } from './scratch.ts';

await using scratch = new Scratch();
const list = ['sh', '-c', 'ls / /proc/1/root/; cat /etc/passwd'];
const own = await scratch.run(list);
await scratch.engine.create(scratch.bundle.request('c', ['sleep', '1000']));
await scratch.engine.start('c');
const session = await scratch.engine.exec('c', { args: list, terminal: false, stdin: false });
const joined = await text(session.stdout);
await session.exited;
await session.close();
console.log(JSON.stringify({ chrooted: await isChrooted(), own: own.out, joined }));
