import t from 'tap';
import { findKindByWord, pathOf } from '../../../../src/cli/history/find-kind.ts';

t.test('a kind is found by each of the words that kubectl takes', async (t) => {
  for (const word of [
    'deploy',
    'deployment',
    'Deployments',
    'deployments.apps',
    'deployment.apps',
  ]) {
    const kind = findKindByWord(word);
    t.equal(pathOf(kind, 'blue', 'web'), '/apis/apps/v1/namespaces/blue/deployments/web', word);
  }
  t.equal(pathOf(findKindByWord('no'), 'blue', 'host01'), '/api/v1/nodes/host01');
});

t.test('a mistyped one gets a hint', async (t) => {
  t.throws(() => findKindByWord('deploymet'), /Unknown kind "deploymet": did you mean "deployment/);
  t.throws(() => findKindByWord('subjectaccessreview'), /Unknown kind/, 'it is kept nowhere');
});
