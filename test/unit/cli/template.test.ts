import t from 'tap';
import { compileTemplate, renderTemplate } from '../../../src/cli/template.ts';

const value = {
  State: { Pid: 7, Running: true },
  Names: ['a', 'b'],
  Labels: { 'x.y': 'z', k: 'v' },
  Empty: [],
  Zero: 0,
};

t.test('fields, maps and functions print as in Go', async (t) => {
  const cases: [string, string][] = [
    ['{{.State.Pid}}', '7'],
    ['pid={{ .State.Pid }};', 'pid=7;'],
    ['{{json .State}}', '{"Pid":7,"Running":true}'],
    ['{{.State | json}}', '{"Pid":7,"Running":true}'],
    ['{{.Names}}', '[a b]'],
    ['{{.Labels}}', 'map[x.y:z k:v]'],
    ['{{index .Labels "x.y"}}', 'z'],
    ['{{index .Names 1}}', 'b'],
    ['{{join .Names ","}}', 'a,b'],
    ['{{len .Names}} {{len "abc"}}', '2 3'],
    ['{{upper "a"}}{{lower "B"}}', 'Ab'],
    ['{{println .Zero}}', '0\n'],
    [String.raw`a\tb\n`, 'a\tb\n'],
    [
      '{{.}}',
      'map[State:map[Pid:7 Running:true] Names:[a b] Labels:map[x.y:z k:v] Empty:[] Zero:0]',
    ],
  ];
  for (const [template, wanted] of cases)
    t.equal(renderTemplate(template, value), wanted, template);
});

t.test('if and range take the dot along', async (t) => {
  t.equal(renderTemplate('{{range .Names}}<{{.}}>{{end}}', value), '<a><b>');
  t.equal(renderTemplate('{{range .Empty}}x{{else}}none{{end}}', value), 'none');
  t.equal(renderTemplate('{{if .Zero}}yes{{else}}no{{end}}', value), 'no');
  t.equal(renderTemplate('{{if .State.Running}}up{{end}}', value), 'up');
  t.equal(renderTemplate('{{range .Names}}{{if .}}{{.}}{{end}}{{end}}!', value), 'ab!');
});

t.test('what is outside the subset is told before anything is printed', async (t) => {
  for (const template of [
    '{{$x := .A}}',
    '{{template "x"}}',
    '{{if eq .A "b"}}x{{end}}',
    '{{range .A}}',
    '{{end}}',
    '{{.A',
    '{{foo .A}}',
    '{{.A.}}',
    '{{with .A}}x{{end}}',
    '{{.A | foo}}',
  ]) {
    t.throws(() => compileTemplate(template), /outside the supported subset/, template);
  }
});

t.test('a field that does not exist is named, with those that do', async (t) => {
  t.throws(
    () => renderTemplate('{{.Nmes}}', value),
    /no field "\.Nmes"; there are \.State \.Names/,
  );
  t.throws(() => renderTemplate('{{.constructor}}', value), /no field "\.constructor"/);
  t.equal(renderTemplate('{{.Zero.Deep}}', value), '<no value>');
});
