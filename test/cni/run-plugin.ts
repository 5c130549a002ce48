import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What one call printed: the document on stdout where there is one. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly document: Record<string, unknown> | undefined;
}

export interface Call {
  readonly environment: Readonly<Record<string, string>>;
  readonly input: object;
}

/** Debian's containernetworking-plugins. */
export const referenceFolder = '/usr/lib/cni';

const inherited = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
};

const ours = fileURLToPath(new URL('../../cni-plugins/main.ts', import.meta.url));

export function runReference(type: string, call: Call): Outcome {
  return run([`${referenceFolder}/${type}`], call);
}

export function runOurs(type: string, call: Call): Outcome {
  return run([process.execPath, ours, type], call);
}

function run([program = '', ...args]: readonly string[], { environment, input }: Call): Outcome {
  const { status, stdout } = spawnSync(program, args, {
    env: { ...inherited, CNI_PATH: referenceFolder, ...environment },
    input: JSON.stringify(input),
    encoding: 'utf8',
    timeout: 10_000,
  });
  const text = stdout.trim();
  return { exitCode: status, document: text === '' ? undefined : JSON.parse(text) };
}
