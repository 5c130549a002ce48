import t from 'tap';
import { Signal } from '../../../../src/cri/generated/runtime.ts';
import {
  signalName,
  signalNumber,
  signalOfCri,
  signalToCri,
} from '../../../../src/cri/plan/stop-signal.ts';

t.test('every spelling of a signal is one name', async (t) => {
  for (const text of ['TERM', 'sigterm', 'SIGTERM', '15']) t.equal(signalName(text), 'SIGTERM');
  t.equal(signalName('rtmin+3'), 'SIGRTMIN+3');
  t.equal(signalName('37'), 'SIGRTMIN+3');
  t.equal(signalName('SIGRTMAX-1'), 'SIGRTMAX-1');
  t.equal(signalName('34'), 'SIGRTMIN');
});

t.test('what is no signal is refused', async (t) => {
  for (const text of [
    '',
    'SIG',
    'FOO',
    '0',
    '65',
    '32',
    '-9',
    'RTMIN+31',
    'RTMAX+1',
    '9 ',
    'toString',
  ]) {
    t.throws(() => signalName(text), /Unknown signal/, text);
  }
});

t.test('real-time names have the numbers of Linux', async (t) => {
  t.equal(signalNumber('SIGRTMIN'), 34);
  t.equal(signalNumber('SIGRTMIN+3'), 37);
  t.equal(signalNumber('SIGRTMAX-14'), 50);
  t.equal(signalNumber('SIGKILL'), 9);
});

t.test("the CRI's numbers are not those of Linux, and go both ways", async (t) => {
  t.equal(signalOfCri(0), undefined);
  t.equal(signalOfCri(23), 'SIGTERM');
  t.equal(signalOfCri(35), 'SIGRTMIN');
  t.equal(signalOfCri(51), 'SIGRTMAX-14');
  t.equal(signalOfCri(65), 'SIGRTMAX');
  t.throws(() => signalOfCri(66), /Unknown stop_signal 66/);
  t.equal(signalToCri('SIGTERM'), 23);
  for (const value of Object.values(Signal)) {
    const name = signalOfCri(value);
    if (name !== undefined) {
      t.equal(signalNumber(signalOfCri(signalToCri(name)) ?? ''), signalNumber(name), name);
    }
  }
});
