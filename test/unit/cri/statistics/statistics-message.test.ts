import t from 'tap';
import {
  cpuMessage,
  ioMessage,
  memoryMessage,
  networkMessage,
  processMessage,
  swapMessage,
} from '../../../../src/cri/statistics/statistics-message.ts';
import type { InterfaceCounters } from '../../../../src/cri/statistics/statistics.ts';
import { statistics } from './statistics.ts';

const timestamp = 1_700_000_000_123_000_000n;

t.test('CPU time is in nanoseconds, with its rate and pressure', (t) => {
  t.same(cpuMessage(statistics(), 250), {
    timestamp,
    usage_core_nano_seconds: { value: 12_345_678_000 },
    usage_nano_cores: { value: 250 },
    psi: {
      Some: { Total: 4_000_000_000, Avg10: 1.5, Avg60: 2.5, Avg300: 3.5 },
      Full: undefined,
    },
  });
  t.equal(cpuMessage(statistics(), undefined).usage_nano_cores, undefined);
  t.end();
});

t.test('memory is what the controller counts', (t) => {
  const { psi, ...message } = memoryMessage(statistics());
  t.same(message, {
    timestamp,
    working_set_bytes: { value: 600 },
    usage_bytes: { value: 1000 },
    rss_bytes: { value: 500 },
    page_faults: { value: 33 },
    major_page_faults: { value: 2 },
    available_bytes: { value: 4400 },
  });
  t.equal(psi?.Full?.Total, 4_000_000_000);
  t.end();
});

t.test('without a limit nothing is said to be available', (t) => {
  const { memory, ...rest } = statistics();
  if (memory === undefined) throw new Error('no memory');
  const unlimited = { ...memory, limitBytes: Infinity, swapLimitBytes: Infinity };
  t.equal(memoryMessage({ ...rest, memory: unlimited }).available_bytes, undefined);
  t.equal(swapMessage({ ...rest, memory: unlimited })?.swap_available_bytes, undefined);
  t.end();
});

t.test('without the controller memory is what the processes hold', (t) => {
  const own = memoryMessage({ ...statistics(), memory: undefined, processIds: [process.pid] });
  const bytes = Number(own.working_set_bytes?.value);
  t.ok(bytes > 10_000_000 && bytes < 4_000_000_000, `${bytes} bytes of this process`);
  t.same(own.rss_bytes, own.working_set_bytes);
  t.equal(own.page_faults, undefined, 'what nobody counts is absent');
  const gone = memoryMessage({ ...statistics(), memory: undefined, processIds: [2 ** 22 + 1] });
  t.same(gone.working_set_bytes, { value: 0 });
  t.equal(swapMessage({ ...statistics(), memory: undefined }), undefined);
  t.end();
});

t.test('swap, pressure of devices and the count of processes', (t) => {
  t.same(swapMessage(statistics()), {
    timestamp,
    swap_usage_bytes: { value: 70 },
    swap_available_bytes: { value: 30 },
  });
  t.equal(ioMessage(statistics())?.psi?.Some?.Avg300, 3.5);
  const pressure = { cpu: undefined, memory: undefined, io: undefined };
  t.equal(ioMessage({ ...statistics(), pressure }), undefined);
  t.same(processMessage({ ...statistics(), processIds: [1, 2, 3] }).process_count, { value: 3 });
  t.end();
});

function counters(name: string): InterfaceCounters {
  return {
    name,
    receivedPackets: 1,
    sentPackets: 2,
    receivedBytes: 3,
    sentBytes: 4,
    receiveErrors: 5,
    sendErrors: 6,
    receiveDrops: 7,
    sendDrops: 8,
  };
}

t.test('eth0 is the default interface, and not listed twice', (t) => {
  const message = networkMessage(['net1', 'eth0'].map(counters));
  t.same(message?.default_interface, {
    name: 'eth0',
    rx_bytes: { value: 3 },
    rx_errors: { value: 5 },
    tx_bytes: { value: 4 },
    tx_errors: { value: 6 },
  });
  t.same(
    message?.interfaces?.map(({ name }) => name),
    ['net1'],
  );
  t.equal(networkMessage([]), undefined);
  t.end();
});
