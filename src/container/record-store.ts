import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../base/error.ts';
import { hasShape, isListOf } from '../base/shape.ts';
import { readState, writeEndingState, writeVolatileState } from '../base/state-file.ts';
import type { ContainerRequest } from './container-engine.ts';
import {
  isPhase,
  newRecord,
  type ContainerRecord,
  type StoredContainer,
} from './container-record.ts';

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
    // Apart, so that a damaged request can still be undone.
    const { podId, cgroupPath } = request;
    writeVolatileState(join(folder, 'place.json'), { podId, cgroupPath });
    this.writeRequest(request);
    this.write(request.id, record);
  }

  has(id: string): boolean {
    return existsSync(this.folderOf(id));
  }

  write(id: string, record: ContainerRecord): void {
    const path = join(this.folderOf(id), 'state.json');
    const ends = record.phase === 'exited' || record.phase === 'removing';
    if (ends) writeEndingState(path, record);
    else writeVolatileState(path, record);
  }

  writeRequest(request: ContainerRequest): void {
    writeVolatileState(join(this.folderOf(request.id), 'request.json'), request);
  }

  /** Ids of all folders, damaged ones too. */
  list(): string[] {
    return readdirSync(this.#root).filter((name) => identifier.test(name));
  }

  /** Undefined when not even its place is known: then it was killed before anything was done. */
  async read(id: string): Promise<StoredContainer | undefined> {
    const folder = this.folderOf(id);
    const [place, request, record] = await Promise.all(
      ['place.json', 'request.json', 'state.json'].map((name) =>
        readOrUndefined(join(folder, name)),
      ),
    );
    return storedContainer(id, { place, request, record });
  }

  remove(id: string): void {
    rmSync(this.folderOf(id), { recursive: true, force: true });
  }
}

async function readOrUndefined(path: string): Promise<unknown> {
  try {
    return await readState(path);
  } catch {
    return undefined;
  }
}

export interface StoredDocuments {
  readonly place: unknown;
  readonly request: unknown;
  readonly record: unknown;
}

/** What a container's files say, as far as they make sense; undefined where there is no place. */
export function storedContainer(
  id: string,
  { place, request, record }: StoredDocuments,
): StoredContainer | undefined {
  // What earlier releases did not know yet is as in a new one.
  const whole: unknown = hasShape(record, {}) && { ...newRecord, ...(record as ContainerRecord) };
  if (isRequest(request, id) && isRecord(whole)) return { request, record: whole };
  const known = isPlace(place) ? place : isPlace(request) ? request : undefined;
  if (known === undefined) return undefined;
  const { podId, cgroupPath } = known;
  const spec = { ociVersion: '1.3.0' };
  const guess: ContainerRequest = { id, podId, cgroupPath, spec, stdin: 'none' };
  return {
    request: isRequest(request, id) ? request : guess,
    record: { ...newRecord, phase: 'exited', finishedAtMs: Date.now() },
    damaged: true,
  };
}

function isPlace(value: unknown): value is Pick<ContainerRequest, 'podId' | 'cgroupPath'> {
  return hasShape(value, { podId: 'string', cgroupPath: 'string' });
}

function isRequest(value: unknown, id: string): value is ContainerRequest {
  const shape = { id: 'string', stdin: 'string', spec: 'object' } as const;
  return isPlace(value) && hasShape(value, shape) && (value as ContainerRequest).id === id;
}

function isRecord(value: unknown): value is ContainerRecord {
  const { phase, notEnforced } = value as ContainerRecord;
  return hasShape(value, recordShape) && isPhase(phase) && isListOf(notEnforced, 'string');
}

const recordShape = {
  phase: 'string',
  pid: 'number',
  createdAtMs: 'number',
  startedAtMs: 'number',
  finishedAtMs: 'number',
  exitCode: 'number',
  oomKilled: 'boolean',
  lost: 'boolean',
  startError: 'string',
} as const;
