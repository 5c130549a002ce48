import { spawn, type ChildProcess } from 'node:child_process';
import { DomainError, messageOf } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import type { RegistryCredentials } from '../image-service.ts';
import { parseJsonText, textField } from '../json.ts';

const maximumOutput = 64 * 1024;
const timeoutMs = 20_000;

/**
 * Asks `docker-credential-NAME get` for a server's credentials; undefined when it has none. Its
 * output is bounded, and it and its children are killed when it takes too long.
 */
export async function runCredentialHelper(
  name: string,
  server: string,
): Promise<RegistryCredentials | undefined> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name)) {
    throw new DomainError('invalid', `Credential helper "${shortened(name)}" is not a valid name`);
  }
  const program = `docker-credential-${name}`;
  const { code, output } = await run(program, server);
  if (code !== 0) return explainFailure(program, output);
  const answer = parseJsonText(output, `Answer of ${program}`);
  const username = textField(answer, 'Username');
  const secret = textField(answer, 'Secret');
  if (username === '<token>') return { identityToken: secret };
  return username === '' && secret === '' ? undefined : { username, password: secret };
}

function explainFailure(program: string, output: string): undefined {
  // The protocol's own words for "I have none", printed to stdout.
  if (/credentials not found/i.test(output)) return undefined;
  throw new DomainError('unavailable', `${program} failed: ${shortened(output.trim(), 200)}`);
}

function run(program: string, input: string): Promise<{ code: number; output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; output: string }>();
  // A process group of its own, so that a helper's children cannot outlive the limit.
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const chunks: Buffer[] = [];
  let length = 0;
  const fail = (reason: string): void => {
    killGroup(child);
    reject(new DomainError('unavailable', `${program} ${reason}`));
  };
  const timer = setTimeout(() => fail(`did not answer in ${timeoutMs / 1000} s`), timeoutMs);
  child.on('error', (error) => fail(`cannot be run: ${messageOf(error)}`));
  child.on('exit', () => killGroup(child));
  child.on('close', (code) => {
    resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') });
  });
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maximumOutput) fail(`printed more than ${maximumOutput} bytes`);
    else chunks.push(chunk);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return promise.finally(() => clearTimeout(timer));
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}
