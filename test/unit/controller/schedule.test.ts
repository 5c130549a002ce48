import t from 'tap';
import { formatIndexes, parseIndexes } from '../../../src/controller/job/indexes.ts';
import { Schedule } from '../../../src/controller/cron/schedule.ts';

const newYork = 'America/New_York';

/** After a time, by a schedule, comes a time. Those of a changed clock are robfig/cron's own. */
const cases: readonly (readonly [from: string, schedule: string, zone: string, to: string])[] = [
  ['2012-07-09T14:45:00Z', '0/15 * * * *', 'UTC', '2012-07-09T15:00:00Z'],
  ['2012-07-09T14:59:59Z', '*/15 * * * *', 'UTC', '2012-07-09T15:00:00Z'],
  ['2012-07-09T14:45:30Z', '20-35/15 * * * *', 'UTC', '2012-07-09T15:20:00Z'],
  ['2012-07-09T23:35:00Z', '15/35 20-35/5 * * *', 'UTC', 'invalid'],
  ['2012-07-09T23:35:51Z', '15/35 0-23/2 * * *', 'UTC', '2012-07-10T00:15:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 9 apr-oct ?', 'UTC', '2012-08-09T00:00:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 */5 apr,aug,oct mon', 'UTC', '2012-08-01T00:00:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 */5 oct mon', 'UTC', '2012-10-01T00:00:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 * feb mon', 'UTC', '2013-02-04T00:00:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 1 * mon/2', 'UTC', '2012-07-11T00:00:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 29 feb ?', 'UTC', '2016-02-29T00:00:00Z'],
  ['2012-12-31T23:59:45Z', '* * * * *', 'UTC', '2013-01-01T00:00:00Z'],
  ['2012-07-15T00:00:00Z', '@weekly', 'UTC', '2012-07-22T00:00:00Z'],
  ['2012-07-15T00:00:00Z', '@every 1h30m', 'UTC', '2012-07-15T01:30:00Z'],
  ['2012-03-11T00:00:00-05:00', '30 2 11 mar ?', newYork, '2013-03-11T02:30:00-04:00'],
  ['2012-03-11T01:00:00-05:00', '0 * * * *', newYork, '2012-03-11T03:00:00-04:00'],
  ['2012-03-11T00:00:00-05:00', '0 1 * * *', newYork, '2012-03-11T01:00:00-05:00'],
  ['2012-03-11T00:00:00-05:00', '0 2 * * *', newYork, '2012-03-12T02:00:00-04:00'],
  ['2012-11-04T00:00:00-04:00', '30 2 04 nov ?', newYork, '2012-11-04T02:30:00-05:00'],
  ['2012-11-04T01:45:00-04:00', '30 1 04 nov ?', newYork, '2012-11-04T01:30:00-05:00'],
  ['2012-11-04T01:00:00-04:00', '0 * * * *', newYork, '2012-11-04T01:00:00-05:00'],
  ['2012-11-04T01:00:00-05:00', '0 1 * * *', newYork, '2012-11-05T01:00:00-05:00'],
  ['2024-01-01T00:00:00Z', '30 8 * * *', 'Asia/Kolkata', '2024-01-01T03:00:00Z'],
  ['2024-03-30T12:00:00Z', '30 2 * * *', 'Europe/Berlin', '2024-04-01T00:30:00Z'],
  ['2024-04-06T12:00:00Z', '0 2 * * *', 'Australia/Lord_Howe', '2024-04-06T15:30:00Z'],
  ['2011-12-29T12:00:00Z', '0 12 30 12 *', 'Pacific/Apia', '2012-12-29T22:00:00Z'],
];

t.test('the next time fits the schedule by the clocks of its place', (t) => {
  for (const [from, schedule, zone, to] of cases) {
    if (to === 'invalid') {
      t.throws(() => new Schedule(schedule, zone), { name: 'DomainError' }, schedule);
      continue;
    }
    const next = new Schedule(schedule, zone).next(Date.parse(from)) ?? NaN;
    const shown = Number.isNaN(next) ? 'never' : new Date(next).toISOString();
    t.equal(shown, new Date(to).toISOString(), `${schedule} ${zone} after ${from}`);
  }
  t.end();
});

t.test('a day that no year has never comes', (t) => {
  t.equal(new Schedule('0 0 30 feb ?').next(0), undefined);
  t.equal(new Schedule('0 0 31 apr ?').next(0), undefined);
  t.end();
});

t.test('the last time is the one after which no other comes up to now', (t) => {
  for (const [, text, zone, to] of cases) {
    if (to === 'invalid' || text.startsWith('@every')) continue;
    const schedule = new Schedule(text, zone);
    const time = Date.parse(to);
    t.equal(schedule.last(time, time - 1), time, `${text} at its time`);
    const later = schedule.last(time + 40_000, time - 400 * 24 * 3600_000) ?? 0;
    t.equal(later, time, `${text} a little later`);
    t.equal(schedule.last(time - 1, time - 2), undefined, `${text} just before`);
  }
  t.end();
});

t.test('what is no schedule is refused', (t) => {
  const wrong = [
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 7',
    '5-1 * * * *',
    '*/0 * * * *',
    '1-2-3 * * * *',
    '1/2/3 * * * *',
    '-1 * * * *',
    'x * * * *',
    '@often',
    '@every',
    '@every 5',
    '@every 1x',
    '@every 0s',
    ','.repeat(2000),
  ];
  for (const text of wrong) t.throws(() => new Schedule(text), { name: 'DomainError' }, text);
  for (const zone of ['Mars/Base', 'Local', '../etc/passwd', '']) {
    t.throws(() => new Schedule('* * * * *', zone), { name: 'DomainError' }, zone);
  }
  t.end();
});

t.test('indexes are written as ranges and read again', (t) => {
  const texts = ['', '0', '0,1', '0-2', '0,2,4-6', '1,3-9,20'];
  for (const text of texts) t.equal(formatIndexes(parseIndexes(text, 100)), text);
  t.same([...parseIndexes('0-3,x,7', 3)], [0, 1, 2]);
  t.end();
});
