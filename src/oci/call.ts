import type { Hierarchy } from '../cgroup/hierarchy.ts';
import type { Scopes } from '../cgroup/systemd/scopes.ts';
import type { CompiledSeccomp } from '../container/engine-context.ts';
import type { Seccomp } from '../container/spec-linux.ts';
import { DomainError } from '../base/error.ts';
import type { OciClient } from './client.ts';
import type { CommandLine } from './command-line.ts';
import { OciRecords, type OciRecord } from './record.ts';
import type { OciRequest } from './request.ts';
import { statusOf, type OciStatus } from './status.ts';

/** What all commands of one planner share. */
export interface OciContext {
  readonly hierarchy: Hierarchy;
  readonly missingControllers: 'refuse' | 'warn';
  /** Connects when a container is systemd's. */
  readonly scopes: Scopes;
  compileSeccomp(profile: Seccomp): Promise<CompiledSeccomp>;
}

/** One command under way. */
export class Call {
  readonly client: OciClient;
  readonly request: OciRequest;
  readonly line: CommandLine;
  readonly context: OciContext;
  readonly records: OciRecords;
  /** Takes a line for the log. */
  readonly warn: (text: string) => void;

  constructor(parts: Pick<Call, 'client' | 'request' | 'line' | 'context' | 'warn'>) {
    this.client = parts.client;
    this.request = parts.request;
    this.line = parts.line;
    this.context = parts.context;
    this.warn = parts.warn;
    this.records = new OciRecords(this.root);
  }

  /** The folder of all containers. */
  get root(): string {
    return this.line.global.text('root') ?? '/run/keelson/oci';
  }

  /** True where cgroups are to be scopes of systemd. */
  get usesSystemd(): boolean {
    const { global } = this.line;
    return global.on('systemd-cgroup') || global.text('cgroup-manager') === 'systemd';
  }

  /** For a container's cgroup, by who has made it. */
  cgroups(unit: string): Omit<OciContext, 'scopes'> & { readonly scopes: Scopes | undefined } {
    return { ...this.context, scopes: unit === '' ? undefined : this.context.scopes };
  }

  /** The one argument of most commands. DomainError `invalid` without it. */
  id(): string {
    const [id] = this.line.args;
    if (id === undefined || id === '') {
      throw new DomainError('invalid', `"${this.line.command}" requires a container ID`);
    }
    return id;
  }

  /** The container that the first argument names; DomainError `notFound`. */
  container(): { readonly record: OciRecord; readonly folder: string; readonly status: OciStatus } {
    const record = this.records.read(this.id());
    const folder = this.records.folderOf(record.id);
    return { record, folder, status: statusOf(record, folder, this.context.hierarchy) };
  }
}
