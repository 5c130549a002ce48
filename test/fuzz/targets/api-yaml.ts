import { ApiError } from '../../../src/api/status.ts';
import { parseYaml } from '../../../src/apiserver/read-body.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Bodies in YAML, as server-side apply sends them: JSON comes of it, or a refusal. */
export const target: FuzzTarget = {
  run(input) {
    try {
      const value = parseYaml(input.toString());
      hold(JSON.stringify(value) !== undefined, 'what is read is JSON');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      hold(error.code < 500, error.message);
    }
  },
  seeds: [
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  a: |\n    b\n',
    '{"a": [1, 2, {"b": null}]}',
    '- a: 1e3\n  b: 2001-01-01\n- "\\x41"\n',
    'a: &x [1]\nb: *x\n',
  ],
  words: ['&a', '*a', '<<:', '!!binary', '---', '? ', '|-', '.nan', '%YAML 1.1'],
};
