import { execFileSync } from 'node:child_process';
import t from 'tap';
import { signalName, signalNumber } from '../../../src/index.ts';

t.test('numbers and names agree with the shell, all 62 of them', async (t) => {
  const listed = execFileSync('bash', ['-c', 'kill -l'], { encoding: 'utf8' });
  const pairs = [...listed.matchAll(/(\d+)\) (SIG[A-Z0-9+-]+)/g)];
  t.equal(pairs.length, 62);
  for (const [, number, name = ''] of pairs) t.equal(signalNumber(name), Number(number), name);
  for (const number of pairs.map((pair) => Number(pair[1]))) {
    t.equal(signalNumber(signalName(number)), number);
  }
});

t.test('names are taken as users write them', async (t) => {
  t.equal(signalNumber('TERM'), 15);
  t.equal(signalNumber('sigkill'), 9);
  t.equal(signalNumber(' 9 '), 9);
  t.equal(signalNumber(15), 15);
  t.equal(signalNumber('SIGRTMIN+3'), 37);
  t.equal(signalNumber('rtmax-14'), 50);
  t.equal(signalNumber('CLD'), 17);
  t.equal(signalNumber('IOT'), 6);
});

t.test('what is no signal is refused', async (t) => {
  const wrong = [
    '',
    'SIG',
    'SIGSIG',
    '0',
    '65',
    '-9',
    '9.0',
    '0x9',
    'RTMIN-1',
    'RTMIN+31',
    'RTMAX+1',
  ];
  for (const each of [...wrong, 'constructor', 'SIGRTMIN+', 'RTMIN+-1', 'TERM\n9']) {
    t.throws(() => signalNumber(each), { message: `"${each}" is no signal` }, each);
  }
  t.throws(() => signalName(32));
  t.throws(() => signalName(0));
});
