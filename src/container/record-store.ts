import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../base/error.ts';
import { readState, writeVolatileState } from '../base/state-file.ts';
import type { ContainerRequest } from './container-engine.ts';
import type { ContainerRecord, StoredContainer } from './container-record.ts';

/** A name that is one folder and nothing else. */
const identifier = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

/** The folders `containers/ID` of the state folder: what outlives this process. */
export class RecordStore {
  readonly #root: string;

  constructor(stateFolder: string) {
    this.#root = join(stateFolder, 'containers');
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
  }

  folderOf(id: string): string {
    if (!identifier.test(id)) throw new DomainError('invalid', `"${id}" is no container id`);
    return join(this.#root, id);
  }

  /** DomainError `exists` when there is such a folder. */
  add(request: ContainerRequest, record: ContainerRecord): void {
    const folder = this.folderOf(request.id);
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (cause) {
      throw new DomainError('exists', `Container "${request.id}" exists already`, { cause });
    }
    writeVolatileState(join(folder, 'request.json'), request);
    this.write(request.id, record);
  }

  write(id: string, record: ContainerRecord): void {
    writeVolatileState(join(this.folderOf(id), 'state.json'), record);
  }

  /** Ids of all folders, damaged ones too. */
  list(): string[] {
    return readdirSync(this.#root).filter((name) => identifier.test(name));
  }

  /** Undefined when something is missing or damaged. */
  async read(id: string): Promise<StoredContainer | undefined> {
    const folder = this.folderOf(id);
    try {
      const request = (await readState(join(folder, 'request.json'))) as ContainerRequest;
      const record = (await readState(join(folder, 'state.json'))) as ContainerRecord;
      const whole = request?.id === id && typeof record?.phase === 'string';
      return whole && request.spec !== undefined ? { request, record } : undefined;
    } catch {
      return undefined;
    }
  }

  remove(id: string): void {
    rmSync(this.folderOf(id), { recursive: true, force: true });
  }
}
