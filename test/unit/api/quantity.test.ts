import t from 'tap';
import {
  canonicalQuantity,
  milliValue,
  parseQuantity,
  wholeValue,
} from '../../../src/api/quantity.ts';

t.test('a quantity has one form, the one that Kubernetes writes', async (t) => {
  const forms: Record<string, string> = {
    '0': '0',
    '0.5': '500m',
    '.5': '500m',
    '1.': '1',
    '1000m': '1',
    '1500': '1500',
    '1000': '1k',
    '2000000': '2M',
    '1024Mi': '1Gi',
    '0.5Gi': '512Mi',
    '1.5Gi': '1536Mi',
    '0.5Ki': '512',
    '100Mi': '100Mi',
    '1e3': '1e3',
    '1500e3': '1500e3',
    '1E6': '1e6',
    '1E': '1E',
    '12e-1': '1200e-3',
    '-2Gi': '-2Gi',
    '+3': '3',
    '1n': '1n',
    '0.1n': '1n',
    '-0.1n': '-1n',
  };
  for (const [text, form] of Object.entries(forms)) t.equal(canonicalQuantity(text), form, text);
});

t.test('a form is its own form', async (t) => {
  for (const text of ['500m', '1Gi', '2k', '1536Mi', '1e3', '1n']) {
    t.equal(canonicalQuantity(text), text);
  }
});

t.test('values are rounded up to the unit asked for', async (t) => {
  t.equal(milliValue(parseQuantity('100.1m')), 101);
  t.equal(milliValue(parseQuantity('2')), 2000);
  t.equal(wholeValue(parseQuantity('1.5')), 2);
  t.equal(wholeValue(parseQuantity('1Ki')), 1024);
  t.equal(wholeValue(parseQuantity('-1.5')), -2);
});

t.test('more than 64 bits hold becomes what they hold', async (t) => {
  t.equal(parseQuantity('100E').nano, (2n ** 63n - 1n) * 1_000_000_000n);
  t.equal(parseQuantity('9e999').nano, (2n ** 63n - 1n) * 1_000_000_000n);
});

t.test('what is no quantity is refused', async (t) => {
  for (const text of [
    '',
    'm',
    '1.2.3',
    '1 Gi',
    '1gi',
    '0x1',
    '--1',
    '1e',
    '1e1.5',
    '1'.repeat(999),
  ]) {
    t.throws(() => parseQuantity(text), { name: 'DomainError' }, text);
  }
});
