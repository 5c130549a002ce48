import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';

/**
 * Why criu cannot dump a `sleep` here; undefined where it can. Its check of the kernel says less:
 * it may lack a capability. KEELSON_CRIU names the program; without it nothing is tried.
 */
export function criuRefusal(): string | undefined {
  const program = process.env['KEELSON_CRIU'];
  if (program === undefined) return 'KEELSON_CRIU names no criu';
  const folder = mkdtempSync('/tmp/keelson-criu-');
  const sleeper = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  try {
    const log = `${folder}/dump.log`;
    const words = ['-t', String(sleeper.pid), '-D', folder, '-o', log, '--manage-cgroups=ignore'];
    const { status, error } = spawnSync(program, ['dump', ...words]);
    if (error !== undefined) return `${program}: ${error.message}`;
    if (status === 0) return undefined;
    const said = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').at(-1) : '';
    return `criu cannot dump here: ${said}`;
  } finally {
    sleeper.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
