import { type JsonObject, objectIn, textOf } from '../json.ts';
import { formatQuantity, parseQuantity } from '../quantity.ts';
import { type Column, nameColumn, objects, text } from './column.ts';

const window = text('Window', (object) => textOf(object['window']));

export const nodeMetricsColumns: readonly Column[] = [
  nameColumn,
  text('CPU', (node) => sum([node], 'cpu')),
  text('Memory', (node) => sum([node], 'memory')),
  window,
];

export const podMetricsColumns: readonly Column[] = [
  nameColumn,
  text('CPU', (pod) => sum(objects(pod['containers']), 'cpu')),
  text('Memory', (pod) => sum(objects(pod['containers']), 'memory')),
  window,
];

function sum(users: readonly JsonObject[], resource: string): string {
  const amounts = users.map((user) =>
    parseQuantity(textOf(objectIn(user, 'usage')[resource]) || '0'),
  );
  const nano = amounts.reduce((all, amount) => all + amount.nano, 0n);
  return formatQuantity({ nano, format: amounts[0]?.format ?? 'decimal' });
}
