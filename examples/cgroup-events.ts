/** Tells what happens in a cgroup, without polling: node examples/cgroup-events.ts (as root). */
import { spawn } from 'node:child_process';
import { cgroup } from 'keelson';

using hierarchy = cgroup.openHierarchy();
using group = hierarchy.create('/keelson-example/events');
const limits = { 'memory.max': 16 * 1024 * 1024, 'memory.swap.max': 0 };
await group.apply(limits, { missingControllers: 'warn' });

const events = group.events();
const program = spawn('sh', ['-c', 'read go; head -c 64M /dev/zero | tail'], {
  stdio: ['pipe', 'ignore', 'ignore'],
});
group.move(program.pid ?? 0);
program.stdin.end('go\n');

for await (const event of events) {
  console.log('count' in event ? `${event.kind} (${event.count})` : event.kind);
  if (event.kind === 'empty') break;
}
console.log(`killed for want of memory: ${group.oomKills()}`);
await hierarchy.remove('/keelson-example');
