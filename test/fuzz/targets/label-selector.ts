import { parseFieldSelector } from '../../../src/api/selector/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../../../src/api/selector/label-selector.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Selectors of labels, and after a line's end of fields, as a query has them. */
export const target: FuzzTarget = {
  run(input) {
    const [labels = '', fields] = input.toString().split('\n');
    for (const { field } of fields === undefined ? [] : parseFieldSelector(fields)) {
      hold(field !== '', 'a field has a name');
    }
    const selector = parseLabelSelector(labels);
    matchesLabels(selector, { app: 'web', tier: '3' });
    for (const { key, operator, values } of selector) {
      hold(key !== '', 'a label has a name');
      hold(operator !== 'exists' || values.length === 0, 'what exists needs no value');
    }
  },
  seeds: [
    'app=web,tier in (a, b),!legacy',
    'a notin (b),c==d,e!=f,g',
    'example.com/size>3,size<9',
    'a=b\nstatus.phase=Running,spec.nodeName!=n1',
    'x\nmetadata.name=a\\,b\\=c',
  ],
  words: [' in (', ' notin (', '!=', '==', '\\,', '/', '()'],
};
