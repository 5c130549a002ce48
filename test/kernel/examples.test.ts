import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { withoutRoot } from './skip.ts';

const folder = new URL('../examples/', import.meta.url);

// Each example's comment shows the command and what it prints; both are taken at their word.
for (const name of readdirSync(folder)) {
  t.test(`example ${name} prints what its comment says`, { skip: withoutRoot }, async (t) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const [command = '', ...lines] = [...text.matchAll(/^ \* {5}(.*)$/gm)].map((match) => match[1]);
    const words = /^\$ (?:sudo )?node test\/examples\/(\S+) ?(.*)$/.exec(command);
    t.equal(words?.[1], name, 'the comment names the file');
    const rest = words?.[2] ? words[2].split(' ') : [];
    const printed = execFileSync(
      process.execPath,
      [fileURLToPath(new URL(name, folder)), ...rest],
      {
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    t.equal(printed, lines.map((line) => `${line}\n`).join(''));
  });
}
