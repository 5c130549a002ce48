import { endianness } from 'node:os';

/**
 * Instructions in front of libseccomp's program, for calls that the library is too old to know.
 * Without them a call that came after the profile was written gets EPERM instead of ENOSYS, and a
 * C library that would have fallen back to the older call fails.
 */
export function prologue(architectures: readonly ArchitectureFacts[]): Buffer {
  if (architectures.length === 0) return Buffer.alloc(0);
  return encode([{ code: load, value: offsetOfArchitecture }, ...architectures.flatMap(section)]);
}

export interface ArchitectureFacts {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly auditArchitecture: number;
  /** Calls that get an answer of their own. */
  readonly answers: readonly { readonly number: number; readonly action: number }[];
  /** Calls with higher numbers get ENOSYS; undefined leaves them to the default action. */
  readonly newest?: number;
}

/** AUDIT_ARCH_* by libseccomp's names. x32 is x86_64 with a bit set in the number. */
export const auditArchitectures: Readonly<Record<string, number>> = {
  x86_64: 0xc000003e,
  x86: 0x40000003,
  aarch64: 0xc00000b7,
  arm: 0x40000028,
  ppc64le: 0xc0000015,
  s390x: 0x80000016,
  s390: 0x00000016,
  riscv64: 0xc00000f3,
  loongarch64: 0xc0000102,
};

/** Numbers from here on are x32's, on the same audit architecture as x86_64. */
const x32Bit = 0x40000000;
const errno = 0x00050000;
const enosys = 38;

// struct seccomp_data { int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6]; };
const offsetOfNumber = 0;
const offsetOfArchitecture = 4;

// BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ, _JGT, _JGE | BPF_K, BPF_RET | BPF_K
const load = 0x20;
const jumpEqual = 0x15;
const jumpGreater = 0x25;
const jumpGreaterEqual = 0x35;
const answer = 0x06;

interface Instruction {
  readonly code: number;
  readonly value: number;
  readonly whenTrue?: number;
  readonly whenFalse?: number;
}

/** Skipped when the architecture is another; otherwise ends with the architecture loaded again. */
function section(facts: ArchitectureFacts): Instruction[] {
  const body: Instruction[] = [{ code: load, value: offsetOfNumber }];
  for (const { number, action } of facts.answers) {
    body.push({ code: jumpEqual, value: number, whenTrue: 0, whenFalse: 1 });
    body.push({ code: answer, value: action });
  }
  if (facts.newest !== undefined) {
    body.push({ code: jumpGreaterEqual, value: x32Bit, whenTrue: 2, whenFalse: 0 });
    body.push({ code: jumpGreater, value: facts.newest, whenTrue: 0, whenFalse: 1 });
    body.push({ code: answer, value: errno | enosys });
  }
  body.push({ code: load, value: offsetOfArchitecture });
  return [
    { code: jumpEqual, value: facts.auditArchitecture, whenTrue: 0, whenFalse: body.length },
    ...body,
  ];
}

/** struct sock_filter { __u16 code; __u8 jt; __u8 jf; __u32 k; }; in the machine's byte order. */
function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(8 * instructions.length);
  const little = endianness() === 'LE';
  for (const [index, { code, value, whenTrue = 0, whenFalse = 0 }] of instructions.entries()) {
    const at = 8 * index;
    if (little) bytes.writeUInt16LE(code, at);
    else bytes.writeUInt16BE(code, at);
    bytes.writeUInt8(whenTrue, at + 2);
    bytes.writeUInt8(whenFalse, at + 3);
    if (little) bytes.writeUInt32LE(value >>> 0, at + 4);
    else bytes.writeUInt32BE(value >>> 0, at + 4);
  }
  return bytes;
}
