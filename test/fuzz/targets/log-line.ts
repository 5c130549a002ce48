import { parseLogLine } from '../../../src/base/container-log/log-line.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** A line of a container's log, whose text is the container's. */
export const target: FuzzTarget = {
  run(input) {
    const line = parseLogLine(input);
    if (line === undefined) return;
    hold(line.text.length < input.length, 'the text is part of the line');
    hold(typeof line.atNs === 'bigint', 'a time is a number');
  },
  seeds: [
    '2024-01-02T03:04:05.123456789Z stdout F hello world',
    '2024-01-02T03:04:05+02:00 stderr P:x part',
    '2024-13-02T03:04:05Z stdout F never',
  ],
  words: [' stdout ', ' stderr ', ' F ', ' P ', 'T24:00:00', '-00:00', '.999999999999'],
};
