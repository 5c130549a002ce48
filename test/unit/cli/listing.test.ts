import t from 'tap';
import { alignColumns, renderListing } from '../../../src/cli/listing.ts';

const columns = [
  { title: 'ID', field: 'ID' },
  { title: 'NAME', field: 'Name' },
];
const rows = [
  { ID: '1', Name: 'näme' },
  { ID: '22', Name: 'b' },
];

t.test('a table is as wide as its widest cell, without trailing blanks', async (t) => {
  t.equal(renderListing(rows, columns, {}), 'ID   NAME\n1    näme\n22   b\n');
  t.equal(
    alignColumns([
      ['a😀b', 'x'],
      ['longer', 'y'],
    ]),
    'a😀b      x\nlonger   y\n',
  );
});

t.test('quiet gives the first column alone', async (t) => {
  t.equal(renderListing(rows, columns, { quiet: true }), '1\n22\n');
});

t.test('JSON is one document for -o, a line each for --format', async (t) => {
  t.same(JSON.parse(renderListing(rows, columns, { output: 'json' })), rows);
  t.equal(renderListing([], columns, { output: 'json' }), '[]\n');
  t.equal(renderListing(rows, columns, { format: 'json' }).split('\n').length, 3);
});

t.test('a template is one line a row; after the word table it has titles', async (t) => {
  t.equal(renderListing(rows, columns, { format: '{{.Name}}!' }), 'näme!\nb!\n');
  t.equal(
    renderListing(rows, columns, { format: String.raw`table {{.ID}}\t{{.Name}}` }),
    'ID   NAME\n1    näme\n22   b\n',
  );
});

t.test('unknown outputs are refused', async (t) => {
  t.throws(() => renderListing(rows, columns, { output: 'yaml' }), /Unknown output "yaml"/);
});
