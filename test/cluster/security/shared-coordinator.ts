import { CoordinatorProcess, type Answer } from './coordinator-process.ts';
import { findPrograms } from '../api/kubectl.ts';

/** One coordinator for all that a file tests. */
export class SharedCoordinator implements AsyncDisposable {
  readonly process: CoordinatorProcess;
  readonly kubectls = findPrograms();
  /** Why tests that need kubectl cannot run. */
  readonly skip: string | false;

  private constructor(process: CoordinatorProcess) {
    this.process = process;
    this.skip = this.kubectls.length === 0 && 'no kubectl on this machine';
  }

  static async start(flags: readonly string[] = []): Promise<SharedCoordinator> {
    return new SharedCoordinator(await CoordinatorProcess.start(flags));
  }

  /** What kubectl prints; throws what it complains of. */
  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.process.kubectl(this.#kubectl, ...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** What kubectl complains of; empty when all went well. */
  async refusal(...args: readonly string[]): Promise<string> {
    const { code, stderr } = await this.process.kubectl(this.#kubectl, ...args);
    return code === 0 ? '' : stderr;
  }

  withToken(line: string, token: string): Promise<Answer> {
    return this.process.request(line, { headers: { Authorization: `Bearer ${token}` } });
  }

  async make(path: string, object: object): Promise<void> {
    const { status, text } = await this.process.asAdmin(`POST ${path}`, JSON.stringify(object));
    if (status !== 201) throw new Error(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }

  get #kubectl(): string {
    return this.kubectls.at(-1) ?? '';
  }
}

/** Roles reach the decisions by a watch, and accounts that are gone by a short memory. */
export async function eventually(what: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + 60_000;
  while (!(await what())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  return true;
}
