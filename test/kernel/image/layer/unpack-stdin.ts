/** Unpacks stdin into the folder given and prints how that ended; for tests in other namespaces. */
import { isKernelError } from '../../../../src/base/error.ts';
import { createUnpacker } from '../../../../src/image/layer/unpack.ts';

const unpacker = createUnpacker(1);
const layer = unpacker.open({ folder: process.argv[2] ?? '' });
try {
  for await (const part of process.stdin) await layer.write(part as Buffer);
  await layer.finish();
  console.log('unpacked');
} catch (error) {
  const { code, call, path } = isKernelError(error) ? error : {};
  console.log(error instanceof Error ? error.name : '', code, call, path);
} finally {
  await unpacker.close();
}
