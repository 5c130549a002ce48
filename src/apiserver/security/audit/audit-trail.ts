import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiError } from '../../../api/status.ts';
import type { Kind } from '../../../api/kind.ts';
import type { Logger } from '../../../base/log.ts';
import type { Attributes } from '../authorize/attributes.ts';
import type { User } from '../user.ts';
import { observeAnswer } from '../../answer.ts';
import { auditEvent } from './audit-event.ts';
import { AuditFile } from './audit-file.ts';
import { type AuditPolicy, defaultPolicy, parsePolicy } from './policy.ts';

/** What is found out about a request while it is served. */
export interface Trace {
  user: User | undefined;
  kind: Kind | undefined;
  failure: ApiError | undefined;
}

/** Writes down who asked for what, and what became of it. */
export interface Auditing {
  /** Follows a request to its end. */
  begin(request: IncomingMessage, response: ServerResponse, attributes: Attributes): Trace;
}

export interface AuditOptions {
  readonly path: string;
  /** Empty for everything without bodies. */
  readonly policyPath: string;
  readonly bytes: number;
  readonly log: Pick<Logger, 'error'>;
}

export class AuditTrail implements Auditing, AsyncDisposable {
  readonly #policy: AuditPolicy;
  readonly #file: AuditFile;

  private constructor(policy: AuditPolicy, file: AuditFile) {
    this.#policy = policy;
    this.#file = file;
  }

  static async open({ policyPath, ...options }: AuditOptions): Promise<AuditTrail> {
    const policy =
      policyPath === ''
        ? defaultPolicy
        : parsePolicy(await readFile(policyPath, 'utf8'), policyPath);
    return new AuditTrail(policy, await AuditFile.open(options));
  }

  begin(request: IncomingMessage, response: ServerResponse, attributes: Attributes): Trace {
    const receivedMs = Date.now();
    // Once the answer is over the connection may be, and then it has no address any more.
    const source = request.socket.remoteAddress ?? '';
    if (this.#policy.wantsAnswers) observeAnswer(response);
    const trace: Trace = { user: undefined, kind: undefined, failure: undefined };
    response.once('close', () => {
      const level = this.#policy.levelOf({ user: trace.user, attributes });
      if (level === 'None') return;
      const event = auditEvent(
        { request, response, receivedMs, source, attributes, ...trace },
        level,
      );
      this.#file.write(`${JSON.stringify(event)}\n`);
    });
    return trace;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}
