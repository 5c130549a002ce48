import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import {
  SeccompCache,
  compileSeccomp,
  defaultSeccomp,
  seccompKey,
  type SeccompProfile,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { scratch } from '../scratch.ts';
import { beforeLinux } from '../skip.ts';
import { run, underFilter } from './under-filter.ts';

const allow = 'SCMP_ACT_ALLOW';
const errno = { EPERM: 1, EINVAL: 22, ENOSYS: 38, EAFNOSUPPORT: 97, EBADF: 9, EOPNOTSUPP: 95 };
const permissive: SeccompProfile = { defaultAction: allow };

t.test('a rule answers with its own errno, the rest goes through', async (t) => {
  const syscalls = [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }];
  const answers = await underFilter({ ...permissive, syscalls }, [
    ['mkdir', '/nowhere/x', 0],
    ['rmdir', '/nowhere/x'],
  ]);
  t.same(answers, [77, 2]);
});

t.test('conditions on different arguments must all hold', async (t) => {
  const args = [
    { index: 0, value: 1, op: 'SCMP_CMP_EQ' },
    { index: 1, value: 5, op: 'SCMP_CMP_GT' },
  ];
  const syscalls = [{ names: ['fchmod'], action: 'SCMP_ACT_ERRNO', errnoRet: 77, args }];
  const profile = { ...permissive, syscalls };
  const answers = await underFilter(profile, [
    ['fchmod', 1, 6],
    ['fchmod', -1, 6],
    ['fchmod', -1, 5],
  ]);
  t.same(answers, [77, errno.EBADF, errno.EBADF]);
});

t.test('conditions on one argument are alternatives', async (t) => {
  const args = [40, 38].map((value) => ({ index: 0, value, op: 'SCMP_CMP_EQ' }));
  const syscalls = [{ names: ['socket'], action: 'SCMP_ACT_ERRNO', errnoRet: 77, args }];
  const calls = [38, 40, 99].map((family) => ['socket', family, 1, 0] as const);
  t.same(await underFilter({ ...permissive, syscalls }, calls), [77, 77, errno.EAFNOSUPPORT]);
});

t.test('the default profile blocks what it says, with the answers it says', async (t) => {
  const answers = await underFilter(defaultSeccomp([]), [
    ['socket', 38, 5, 0],
    ['socket', 2 ** 32 + 38, 5, 0],
    ['socket', 40, 1, 0],
    ['io_uring_setup', 1, 0],
    ['keyctl', 0, 0, 0, 0, 0],
    ['bpf', 0, 0, 0],
    ['userfaultfd', 0],
    ['unshare', 0x10000000],
    ['clone', 0x10000000 | 17, 0, 0, 0, 0],
    ['clone3', 0, 0],
    ['mount', 'a', 'b', 'c', 0, 0],
    ['personality', 0x40000],
    ['personality', 0xffffffff],
    ['listns', 0, 0, 0, 0],
  ]);
  const { EPERM, ENOSYS } = errno;
  const blocked = [EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, EPERM];
  t.same(answers, [...blocked, ENOSYS, EPERM, EPERM, 0, ENOSYS]);
});

t.test('the default profile runs ordinary programs', async (t) => {
  const script = 'ls / >/dev/null && date +%s && sh -c "echo a | sort" && sleep 0.01 && echo 2';
  const filter = await compileSeccomp(defaultSeccomp([]));
  t.match(run(filter, ['/bin/sh', '-c', script]), /^\d+\na\n2\n$/);
});

t.test('calls newer than libseccomp follow the profile', { skip: beforeLinux(6, 8) }, async (t) => {
  const names = [...ordinary, 'listmount'];
  const syscalls = [{ names, action: allow }];
  const answers = await underFilter({ defaultAction: 'SCMP_ACT_ERRNO', syscalls }, [
    ['listmount', 0, 0, 0, 0],
    ['cachestat', -1, 0, 0, 0],
    ['mseal', 1, 0, 1],
  ]);
  t.same(answers.slice(1), [errno.EPERM, errno.ENOSYS], 'older than what is named, and newer');
  t.notOk(
    [errno.EPERM, errno.ENOSYS].includes(answers[0] ?? 1),
    'what is named reaches the kernel',
  );
});

t.test('calls newer than libseccomp can be denied, but not by condition', async (t) => {
  const denied = { names: ['file_setattr'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 };
  const calls = [['file_setattr', -1, 'x', 0, 0, 0] as const];
  t.same(await underFilter({ ...permissive, syscalls: [denied] }, calls), [77]);
  const conditional = { ...denied, args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] };
  t.match(await failureOf(() => compileSeccomp({ ...permissive, syscalls: [conditional] })), {
    kind: 'unsupported',
    message: /knows no "file_setattr"/,
  });
});

t.test('unknown names are left out, unknown architectures are not', async (t) => {
  const syscalls = [{ names: ['no_such_call', 'mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 77 }];
  t.same(await underFilter({ ...permissive, syscalls }, [['mkdir', '/nowhere/x', 0]]), [77]);
  const wrong = { ...permissive, architectures: ['SCMP_ARCH_VAX'] };
  t.match(await failureOf(() => compileSeccomp(wrong)), {
    call: 'seccomp_arch_resolve_name',
    path: 'vax',
  });
});

t.test('a stored filter is used again, a damaged one made anew', async (t) => {
  const { path } = scratch(t);
  const folder = `${path}/filters`;
  const profile = defaultSeccomp([]);
  const first = await new SeccompCache(folder).compile(profile);
  const [file = ''] = readdirSync(folder);
  t.equal(file, `${seccompKey(profile)}.bpf`);
  const stored = readFileSync(`${folder}/${file}`);
  t.same(await new SeccompCache(folder).compile(profile), first);
  for (const damaged of [
    stored.subarray(0, 100),
    Buffer.alloc(0),
    Buffer.concat([stored, stored]),
  ]) {
    writeFileSync(`${folder}/${file}`, damaged);
    t.same(await new SeccompCache(folder).compile(profile), first);
    t.same(readFileSync(`${folder}/${file}`), stored, 'and stored again');
  }
});

t.test('equal profiles are compiled once, failures are not kept', async (t) => {
  const cache = new SeccompCache();
  const [one, two] = await Promise.all([
    cache.compile(defaultSeccomp([])),
    cache.compile(defaultSeccomp([])),
  ]);
  t.equal(one, two);
  t.not(await cache.compile(defaultSeccomp(['CAP_SYS_ADMIN'])), one);
  await t.rejects(cache.compile({ defaultAction: 'x' }));
  await t.rejects(cache.compile({ defaultAction: 'x' }));
});

t.test('the kernel takes every profile of ours', async (t) => {
  for (const capabilities of [[], ['CAP_SYS_ADMIN'], ['CAP_NET_ADMIN', 'CAP_SYS_PTRACE']]) {
    const { program } = await compileSeccomp(defaultSeccomp(capabilities));
    t.equal(program.length % 8, 0);
    t.ok(program.length / 8 < 4096, `${program.length / 8} instructions`);
    t.same(await underFilter(defaultSeccomp(capabilities), [['getppid']]), [0]);
  }
  t.ok(execFileSync('uname', ['-r'], { encoding: 'utf8' }));
});

/** What a Node process needs to make a call and report it. */
const recent = /^(cachestat|statmount|mseal|map_shadow_stack)$|^file_.etattr|xattrat|^futex_|^lsm_/;
const ordinary = (defaultSeccomp([]).syscalls?.[0]?.names ?? []).filter(
  (name) => !recent.test(name),
);
