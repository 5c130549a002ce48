import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { blockIoOf } from '../../../src/cli/parse-block-io.ts';

const disk = readdirSync('/sys/block').find((name) => existsSync(`/dev/${name}`));

t.test('limits become lines of interface files', { skip: disk === undefined }, async (t) => {
  const device = readFileSync(`/sys/block/${disk}/dev`, 'utf8').trim();
  const limits = blockIoOf({
    blkioWeight: '500',
    deviceReadBps: [`/dev/${disk}:1m`],
    deviceWriteBps: [`/dev/${disk}:512k`],
    deviceReadIops: [`/dev/${disk}:100`],
    deviceWriteIops: [`/dev/${disk}:0`],
  });
  const lines = ['rbps=1048576', 'wbps=524288', 'riops=100', 'wiops=max'];
  t.same(limits, {
    'io.bfq.weight': 'default 500',
    'io.max': lines.map((line) => `${device} ${line}`).join('\n'),
  });
  t.same(blockIoOf({}), {});
});

t.test('what makes no sense is refused, with the flag', async (t) => {
  for (const weight of ['9', '1001', 'x']) {
    t.throws(() => blockIoOf({ blkioWeight: weight }), { message: /--blkio-weight/ });
  }
  const wrong = {
    '/dev/null:1m': /no block device/,
    '/dev/absent:1m': /ENOENT/,
    '/dev/null': /DEVICE:RATE/,
    ':1m': /DEVICE:RATE/,
  };
  for (const [value, message] of Object.entries(wrong)) {
    t.throws(() => blockIoOf({ deviceReadBps: [value] }), { kind: 'invalid', message });
    t.throws(() => blockIoOf({ deviceWriteIops: [value] }), { message: /--device-write-iops/ });
  }
});
