/** Runs a program under limits: node examples/cgroup-limit.ts (as root). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cgroup } from 'keelson';

using hierarchy = cgroup.openHierarchy();
console.log(`cgroup v2 at ${hierarchy.mountPoint} has: ${hierarchy.controllers().join(' ')}`);

// mkdir, with controllers enabled down the path.
using group = hierarchy.create('/keelson-example/limit');

// echo '20000 100000' > cpu.max; echo 67108864 > memory.max; echo 10 > pids.max: all or none.
const { notEnforced } = await group.apply(
  {
    'cpu.max': { quotaMicroseconds: 20_000, periodMicroseconds: 100_000 },
    'memory.max': 64 * 1024 * 1024,
    'pids.max': 10,
  },
  // On a machine without one of the controllers: tell, and go on.
  { missingControllers: 'warn' },
);
for (const line of notEnforced) console.log(line);

const program = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
const ended = once(program, 'exit');
group.move(program.pid ?? 0);
await new Promise((resolve) => setTimeout(resolve, 1000));

const { cpu, memory } = group.statistics();
console.log(`processes: ${group.processes().length}`);
console.log(`CPU: ${Math.round(cpu.usageMicroseconds / 10_000)} % of one, for a second`);
if (memory !== undefined) console.log(`memory: ${memory.currentBytes} bytes`);

await group.freeze();
console.log(`frozen: ${group.frozen()}`);
await group.thaw();

await hierarchy.remove('/keelson-example');
const [, signal] = await ended;
console.log(`ended by ${signal}`);
