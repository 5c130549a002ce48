import { everyAccess, type DeviceDecision, type DevicePolicy } from './device-rule.ts';

/**
 * One instruction of the kernel's BPF machine:
 *
 * ```c
 * struct bpf_insn { __u8 code; __u8 dst_reg:4; __u8 src_reg:4; __s16 off; __s32 imm; };
 * ```
 */
export interface Instruction {
  readonly code: number;
  readonly destination?: number;
  readonly source?: number;
  readonly offset?: number;
  readonly immediate?: number;
}

/** The operations that the filter is made of, as linux/bpf.h composes them. */
export const operation = {
  /** BPF_LDX | BPF_MEM | BPF_W: destination = *(u32 *)(source + offset) */
  load: 0x61,
  /** BPF_ALU64 | BPF_MOV | BPF_K */
  set: 0xb7,
  /** BPF_ALU64 | BPF_MOV | BPF_X */
  copy: 0xbf,
  /** BPF_ALU64 | BPF_AND | BPF_K */
  and: 0x57,
  /** BPF_ALU64 | BPF_RSH | BPF_K */
  shiftRight: 0x77,
  /** BPF_JMP | BPF_JEQ | BPF_K */
  jumpIfEqual: 0x15,
  /** BPF_JMP | BPF_JNE | BPF_K */
  jumpUnlessEqual: 0x55,
  /** BPF_JMP | BPF_EXIT */
  exit: 0x95,
} as const;

const answer = 0;
const context = 1;
/** The kinds of access that no rule has allowed yet. */
const wanted = 2;
const scratch = 3;

/** BPF_DEVCG_DEV_BLOCK and BPF_DEVCG_DEV_CHAR. */
const typeNumbers = { b: 1, c: 2 } as const;

/** The program that answers 1 when the policy allows an access to a device, and else 0. */
export function assembleDeviceProgram({ decisions, otherwise }: DevicePolicy): Uint8Array {
  const program = [...loadContext, ...decisions.flatMap(assemble), ...returns(otherwise)];
  return encode(program);
}

/**
 * The context, in register 1 from the start:
 *
 * ```c
 * struct bpf_cgroup_dev_ctx { __u32 access_type; // (access << 16) | type
 *                             __u32 major; __u32 minor; };
 * ```
 */
const loadContext: readonly Instruction[] = [
  { code: operation.load, destination: wanted, source: context, offset: 0 },
  { code: operation.shiftRight, destination: wanted, immediate: 16 },
  { code: operation.and, destination: wanted, immediate: everyAccess },
];

/** Conditions that jump over the verdict, and the verdict. */
function assemble(decision: DeviceDecision): Instruction[] {
  const verdict = decision.allow ? allow(decision.access) : deny(decision.access);
  const { type, major, minor } = decision;
  return [
    ...(type === undefined ? [] : unlessType(typeNumbers[type])),
    ...(major === undefined ? [] : unlessEqual(4, major)),
    ...(minor === undefined ? [] : unlessEqual(8, minor)),
    ...verdict,
  ].map(fillSkip);
}

/** An offset that is not known before the rule's end is. */
const skip = Number.NaN;

function fillSkip(instruction: Instruction, index: number, all: Instruction[]): Instruction {
  const offset = all.length - 1 - index;
  return Number.isNaN(instruction.offset) ? { ...instruction, offset } : instruction;
}

function unlessType(value: number): Instruction[] {
  return [
    { code: operation.load, destination: scratch, source: context, offset: 0 },
    { code: operation.and, destination: scratch, immediate: 0xffff },
    { code: operation.jumpUnlessEqual, destination: scratch, immediate: value, offset: skip },
  ];
}

/**
 * Loaded again for each rule: a value kept in a register would be known to be this one on one way
 * and not on the other, and the verifier would follow both ways through all rules that come after.
 * A thousand rules then take it ten seconds, and are refused.
 */
function unlessEqual(offset: number, value: number): Instruction[] {
  return [
    { code: operation.load, destination: scratch, source: context, offset },
    { code: operation.jumpUnlessEqual, destination: scratch, immediate: value, offset: skip },
  ];
}

/** Takes the allowed kinds away, and answers when nothing is left to be allowed. */
function allow(access: number): Instruction[] {
  return [
    { code: operation.and, destination: wanted, immediate: everyAccess & ~access },
    { code: operation.jumpUnlessEqual, destination: wanted, immediate: 0, offset: 2 },
    ...returns(true),
  ];
}

/** Answers when one of the kinds is wanted. */
function deny(access: number): Instruction[] {
  return [
    { code: operation.copy, destination: scratch, source: wanted },
    { code: operation.and, destination: scratch, immediate: access },
    { code: operation.jumpIfEqual, destination: scratch, immediate: 0, offset: 2 },
    ...returns(false),
  ];
}

function returns(allowed: boolean): Instruction[] {
  return [
    { code: operation.set, destination: answer, immediate: allowed ? 1 : 0 },
    { code: operation.exit },
  ];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8 * program.length));
  for (const [index, instruction] of program.entries()) {
    const { code, destination = 0, source = 0, offset = 0, immediate = 0 } = instruction;
    bytes.setUint8(8 * index, code);
    bytes.setUint8(8 * index + 1, (source << 4) | destination);
    bytes.setInt16(8 * index + 2, offset, true);
    bytes.setInt32(8 * index + 4, immediate, true);
  }
  return new Uint8Array(bytes.buffer);
}
