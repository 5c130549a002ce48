/** A machine for the instructions that the device filter uses, as an oracle for its tests. */
export interface DeviceAccess {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  /** Bits: 1 mknod, 2 read, 4 write. */
  readonly access: number;
}

/** What the program answers. Throws for what the kernel's verifier would refuse as well. */
export function run(program: Uint8Array, request: DeviceAccess): number {
  const typeNumber = request.type === 'b' ? 1 : 2;
  const context = [(request.access << 16) | typeNumber, request.major, request.minor];
  const registers: (number | undefined)[] = [undefined, 0];
  const bytes = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const read = (register: number): number => {
    const value = registers[register];
    if (value === undefined) throw new Error(`register ${register} is read before it is set`);
    return value;
  };
  for (let index = 0; index < program.byteLength / 8; index++) {
    const code = bytes.getUint8(8 * index);
    const destination = bytes.getUint8(8 * index + 1) & 15;
    const source = bytes.getUint8(8 * index + 1) >> 4;
    const offset = bytes.getInt16(8 * index + 2, true);
    const immediate = bytes.getInt32(8 * index + 4, true);
    if (code === 0x95) return read(0);
    if (code === 0x61) registers[destination] = context[offset / 4];
    else if (code === 0xb7) registers[destination] = immediate;
    else if (code === 0xbf) registers[destination] = read(source);
    else if (code === 0x57) registers[destination] = read(destination) & immediate;
    else if (code === 0x77) registers[destination] = read(destination) >>> immediate;
    else if (code === 0x15) index += read(destination) === immediate ? offset : 0;
    else if (code === 0x55) index += read(destination) === immediate ? 0 : offset;
    else throw new Error(`operation ${code}`);
  }
  throw new Error('the program ends without an answer');
}
