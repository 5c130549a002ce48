/** keelson and crictl in the lab machine. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { missing, Reader } from '../../e2e/book/reader.ts';

t.setTimeout(570_000);
const reader = await Reader.start();
t.teardown(() => reader[Symbol.asyncDispose]());
const { folder } = reader;
const see = reader.see.bind(reader);

const hierarchy = '/sys/fs/cgroup';
const spin = `sh -c 'while :; do :; done'`;
/** tail keeps all of a line that never ends. */
const hog = 'head -c 512m /dev/zero | tail';

async function cgroupOf(name: string): Promise<string> {
  return hierarchy + (await see(`keelson inspect -f '{{.HostConfig.CgroupPath}}' ${name}`));
}

/** Part of one processor, in percent, that a cgroup uses in so many seconds. */
async function cpuOf(path: string, seconds: number): Promise<number> {
  const used = (): number =>
    Number(/usage_usec (\d+)/.exec(readFileSync(`${path}/cpu.stat`, 'utf8'))?.[1]);
  const [begin, before] = [performance.now(), used()];
  await delay(seconds * 1000);
  return (used() - before) / 10 / (performance.now() - begin);
}

t.test('run --cpus, and update --cpus at once', async (t) => {
  await see(`keelson run -d --name spin --cpus 0.1 busybox ${spin}`);
  const path = await cgroupOf('spin');
  t.equal(readFileSync(`${path}/cpu.max`, 'utf8'), '10000 100000\n');
  const tenth = await cpuOf(path, 4);
  t.ok(tenth > 7 && tenth < 13, `${tenth.toFixed(1)} % of a quota of 10 %`);
  await see('keelson update --cpus 0.5 spin');
  const half = await cpuOf(path, 4);
  t.ok(half > 42 && half < 58, `${half.toFixed(1)} % of a quota of 50 %`);
  const row = await see("keelson stats --no-stream --format '{{.CPUPerc}} {{.PIDs}}' spin");
  const [percent = '', pids = ''] = row.split(' ');
  t.ok(Number.parseFloat(percent) > 30 && Number.parseFloat(percent) < 70, row);
  t.equal(pids, '1');
  await see('keelson pause spin');
  const frozen = await cpuOf(path, 1);
  t.ok(frozen < 1, `${frozen.toFixed(1)} % while it is paused`);
  await see('keelson unpause spin; keelson kill spin; keelson rm spin');
  t.notOk(existsSync(path));
});

t.test('-m: the program that takes more is OOMKilled, and the events say so', async (t) => {
  const since = Math.floor(Date.now() / 1000) - 1;
  const { code } = await reader.type(
    `keelson run --name hog -m 32m --memory-swap 32m busybox dd if=/dev/zero of=/dev/null bs=64M`,
  );
  t.equal(code, 137);
  t.equal(await see("keelson inspect -f '{{.State.OOMKilled}}' hog"), 'true');
  const events = await see(`keelson events --since ${since} --until 0s`);
  t.match(events, /container oom .*name=hog/);
  t.match(events, /container die .*exitCode=137/);
  await see('keelson rm hog');
});

t.test('--pids-limit, and memory in stats', async (t) => {
  const bomb = `sh -c 'bomb() { bomb | bomb & }; bomb; sleep 1000'`;
  await see(`keelson run -d --name bomb --pids-limit 20 -m 64m busybox ${bomb}`);
  await delay(1000);
  const peak = Number(readFileSync(`${await cgroupOf('bomb')}/pids.peak`, 'utf8').trim() || '0');
  t.ok(peak <= 20 && peak > 10, `${peak} processes at most`);
  t.match(await see("keelson stats --no-stream --format '{{.MemUsage}}' bomb"), /\/ 64MiB/);
  await see('keelson rm -f bomb');
  t.same(await reader.runtime.leftovers(), []);
});

t.test('--device-write-bps, and update of it at once', async (t) => {
  const device = readFileSync('/sys/block/ubdb/dev', 'utf8').trim();
  const limitOf = async (): Promise<string> =>
    readFileSync(`${await cgroupOf('disk')}/io.max`, 'utf8');
  const flags = '--device-write-bps /dev/ubdb:1m --device /dev/ubdb';
  await see(`keelson run -d --name disk ${flags} busybox sleep 1000`);
  t.equal(await limitOf(), `${device} rbps=max wbps=1048576 riops=max wiops=max\n`);
  const write = 'dd if=/dev/zero of=/dev/ubdb bs=64k count=32 oflag=direct 2>/dev/null';
  const begun = performance.now();
  await see(`keelson exec disk busybox ${write}`);
  t.ok(performance.now() - begun > 1000, '2 MiB at 1 MiB/s');
  await see('keelson update --device-write-bps /dev/ubdb:0 --device-read-iops /dev/ubdb:50 disk');
  t.equal(await limitOf(), `${device} rbps=max wbps=max riops=50 wiops=max\n`);
  const weight = `${await cgroupOf('disk')}/io.bfq.weight`;
  const { code, output } = await reader.type('keelson update --blkio-weight 300 disk');
  // Where the kernel has no such scheduler, the command says so.
  if (existsSync(weight)) t.match(readFileSync(weight, 'utf8'), /^default 300\n/);
  else t.match(`${code} ${output}`, /^[01] .*io.bfq.weight|^0 /);
  await see('keelson rm -f disk');
});

t.test('a limit whose controller is missing is refused in one line', async (t) => {
  const refused = await reader.type('keelson run --rm --cpuset-cpus 0 busybox true');
  // The runtime of these tests warns in place of refusing; nothing is silently left out.
  t.match(refused.output, /warning: .*cpuset.* not enforced/);
});

const crictl = missing('crictl') ?? false;

t.test('S3.2 to S3.4 the cgroup by hand', { skip: crictl }, async (t) => {
  await makePod('nolim', '', ['sh', '-c', 'while :; do :; done']);
  const pid = await see(`crictl inspect $(cat ${folder}/co-nolim.id) | jq '.info.pid'`);
  const own = (await see(`cat /proc/${pid}/cgroup`)).replace('0::', '');
  const path = hierarchy + own;
  t.match(readFileSync(`${path}/cgroup.procs`, 'utf8'), `${pid}\n`);
  t.equal(readFileSync(`${path}/cpu.max`, 'utf8'), 'max 100000\n');
  const free = await cpuOf(path, 2);
  t.ok(free > 80, `${free.toFixed(1)} % without a limit`);
  await see(`renice -n 19 -p ${pid}`);
  t.equal((await see(`ps -o ni= -p ${pid}`)).trim(), '19');
  const nice = await cpuOf(path, 2);
  t.ok(nice > 80, `${nice.toFixed(1)} %, for niceness is relative`);
  await see(`echo "50000 100000" > ${path}/cpu.max`);
  const half = await cpuOf(path, 5);
  t.ok(half > 42 && half < 58, `${half.toFixed(1)} % of a quota of 50 %`);
  const ended = await removePod('nolim');
  t.match(ended, /Stopped sandbox/);
  t.match(ended, /Removed sandbox/);
  t.notOk(existsSync(path), 'its scope is gone');
});

t.test('S3.5 a quota in the container, below a slice', { skip: crictl }, async (t) => {
  const resources = 'cpu_period: 100000\n    cpu_quota: 10000';
  await makePod('clim', resources, ['sh', '-c', 'while :; do :; done']);
  const id = await see(`cat ${folder}/co-clim.id`);
  const path = `${hierarchy}/pod.slice/keelson-${id}.scope`;
  t.equal(readFileSync(`${path}/cpu.max`, 'utf8'), '10000 100000\n');
  const tenth = await cpuOf(path, 3);
  t.ok(tenth > 7 && tenth < 13, `${tenth.toFixed(1)} %`);
  await removePod('clim');
});

t.test('S3.7 a child above the limit dies, the container stays', { skip: crictl }, async (t) => {
  const message = 'child died: assuming killed by OOM killer, restarting again...';
  const script = `while :; do sh -c "${hog} >/dev/null" || echo "${message}"; sleep 0.2; done`;
  await makePod('mlim', 'memory_limit_in_bytes: 67108864', ['sh', '-c', script]);
  const id = await see(`cat ${folder}/co-mlim.id`);
  const path = `${hierarchy}/pod.slice/keelson-${id}.scope`;
  t.equal(readFileSync(`${path}/memory.max`, 'utf8'), '67108864\n');
  let logs = '';
  for (let wait = 0; wait < 60 && (logs.match(/child died/g)?.length ?? 0) < 2; wait += 1) {
    await delay(500);
    logs = await see(`crictl logs ${id}`);
  }
  t.ok((logs.match(/child died/g)?.length ?? 0) >= 2, 'again and again');
  t.match(await see('crictl ps'), /Running +co-mlim/);
  t.match(execFileSync('dmesg', { encoding: 'utf8' }), /oom_reaper|Memory cgroup out of memory/);
  await removePod('mlim');
});

/** The book's pair of files, po-NAME in pod.slice and co-NAME, made and started. */
function makePod(name: string, resources: string, args: readonly string[]): Promise<string> {
  const [pod, container] = [`po-${name}`, `co-${name}`];
  const limits = resources === '' ? '' : `linux:\n  resources:\n    ${resources}\n`;
  return see(`cd ${folder}
    cat > ${pod}.yaml <<'END'
metadata:
  name: ${pod}
  namespace: crio
log_directory: ${folder}
linux:
  cgroup_parent: pod.slice
  security_context:
    namespace_options:
      network: 2
END
    cat > ${container}.yaml <<'END'
metadata:
  name: ${container}
image:
  image: docker.io/library/busybox:latest
log_path: ${container}.log
args: ${JSON.stringify(args)}
${limits}END
    crictl runp ${pod}.yaml > ${pod}.id
    crictl create $(cat ${pod}.id) ${container}.yaml ${pod}.yaml > ${container}.id
    crictl start $(cat ${container}.id)`);
}

function removePod(name: string): Promise<string> {
  return see(`cd ${folder}; crictl stop $(cat co-${name}.id); crictl rm $(cat co-${name}.id)
    crictl stopp $(cat po-${name}.id); crictl rmp $(cat po-${name}.id)`);
}
