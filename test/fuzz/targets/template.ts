import { renderTemplate } from '../../../src/cli/template.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const value = { Name: 'x', List: [1, 'two'], Map: { a: 'b' }, State: { Pid: 7, Running: true } };

/** `--format`. */
export const target: FuzzTarget = {
  run(input) {
    hold(typeof renderTemplate(input.toString(), value) === 'string', 'a text comes out');
  },
  seeds: [
    '{{.Name}} {{json .State}}',
    '{{range .List}}{{.}}\\n{{end}}{{if .State.Running}}up{{else}}down{{end}}',
    '{{index .Map "a" | upper}} {{join .List ","}} {{len .List}} {{println .Name}}',
  ],
  words: ['{{', '}}', '{{end}}', '{{else}}', '{{range .', '{{if ', ' | ', '"', 'json', 'join'],
};
