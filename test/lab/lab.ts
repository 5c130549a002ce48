import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import root, { type Test } from 'tap';

export const project = fileURLToPath(new URL('../..', import.meta.url));

/** The reason why this machine cannot boot the lab's, or false. */
export function unable(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = !existsSync('/usr/bin/linux.uml') || !existsSync('/usr/lib/uml/modules');
  return missing && 'needs the Debian package user-mode-linux';
}

export interface Programs {
  readonly files: readonly string[];
  /** The longest time of each. */
  readonly seconds: number;
  /** Modules of the kernel that are loaded before. */
  readonly modules?: readonly string[];
  /** Temporary files lie on the ext4 disk, which has extended attributes, /tmp there has not. */
  readonly onDisk?: boolean;
}

const mark = '=== keelson-lab';

/**
 * Runs test files one after the other in one boot: the TAP of each becomes a subtest here. Resolves
 * with all that they printed.
 */
export async function runInside(t: Test, programs: Programs): Promise<string> {
  const { files, seconds } = programs;
  const longestMs = (files.length * seconds + 300) * 1000;
  for (const test of [root, t]) test.setTimeout(longestMs);
  const longest = String(files.length * seconds + 120);
  const command = ['run', '--timeout', longest, '--', 'bash', '-c', scriptOf(programs)];
  const lab = spawn('scripts/lab', command, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = await Promise.all([text(lab.stdout), text(lab.stderr)]);
  const sections = new Map(output.split(`${mark} `).map((part) => splitAt(part, '\n')));
  t.testdir({});
  for (const [index, file] of files.entries()) {
    const story = sections.get(file) ?? `Bail out! ${file} was not run: ${errors || output}\n`;
    const path = join(t.testdirName, `${index}.tap`);
    writeFileSync(path, story);
    // oxlint-disable-next-line no-await-in-loop: in the order in which they ran
    await t.spawn('cat', [path], {}, file);
    t.match(sections.get(`${file} ended`), /^0\n/, `${file} ends with 0`);
  }
  return output;
}

function scriptOf({ files, seconds, modules = [], onDisk = false }: Programs): string {
  return `
    mkdir -p /tmp/kernel/lib /run/netns
    ln -s /usr/lib/uml/modules /tmp/kernel/lib/modules
    for name in ${modules.join(' ')}; do modprobe -d /tmp/kernel $name || exit; done
    ${onDisk ? 'mkdir -p /var/lib/keelson/tmp; export TMPDIR=/var/lib/keelson/tmp' : ''}
    export TAP_TIMEOUT=${seconds}
    for file in ${files.join(' ')}; do
      echo "${mark} $file"
      timeout ${seconds} node $file 2>&1 </dev/null
      status=$?
      printf '\\n${mark} %s ended\\n%s\\n' "$file" $status
    done`;
}

function splitAt(part: string, separator: string): [string, string] {
  const at = part.indexOf(separator);
  return [part.slice(0, at), part.slice(at + 1)];
}
