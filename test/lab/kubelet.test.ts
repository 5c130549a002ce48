/** Limits of pods through the kubelet, on a kernel that has all controllers. */
import t from 'tap';
import { runInside, unable } from './lab.ts';

t.test('pods where limits bite', { skip: unable() }, async (t) => {
  await runInside(t, { files: ['test/lab/inside/kubelet.ts'], seconds: 580 });
});
