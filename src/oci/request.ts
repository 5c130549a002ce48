import { readFileSync, statSync } from 'node:fs';
import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { closeDescriptor } from '../kernel/descriptor.ts';
import { decodeRecord } from '../kernel/record.ts';
import type { Message } from '../kernel/socket.ts';

/** One command, as native/oci/request.cc sends it. */
export interface OciRequest {
  readonly cwd: string;
  /** Namespaces and root of the client; see `ownIdentity`. */
  readonly identity: string;
  /** What the client may give on, as a bit mask. */
  readonly capabilities: bigint;
  /** Descriptors from 3 on that the client was started with. */
  readonly inherited: number;
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

const protocol = '2';

/** Takes the message's descriptors over. Throws DomainError `invalid`. */
export function readRequest({ data, fds }: Message): OciRequest {
  try {
    const fields = decodeRecord(data).map(String);
    const inFile = fields[0] === 'request-in-file' && fds[0] !== undefined;
    return requestOf(inFile ? decodeRecord(readFile(fds[0] ?? -1)).map(String) : fields);
  } finally {
    fds.forEach((fd) => closeDescriptor(fd));
  }
}

function requestOf(fields: readonly string[]): OciRequest {
  const [word, version, cwd, identity, capabilities, inherited, pid, count, ...rest] = fields;
  if (word !== 'request' || version !== protocol || cwd === undefined || count === undefined) {
    throw new DomainError('invalid', 'The client speaks another version; build keelson again');
  }
  const variables = rest.slice(0, Number(count)).map((text): [string, string] => {
    const at = text.indexOf('=');
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return {
    cwd,
    identity: identity ?? '',
    capabilities: BigInt(capabilities ?? '0'),
    inherited: Number(inherited),
    pid: Number(pid),
    environment: Object.fromEntries(variables),
    words: rest.slice(Number(count)),
  };
}

function readFile(fd: number): Buffer {
  const path = `/proc/self/fd/${fd}`;
  if (statSync(path).size > limits.ociRequestBytes) {
    throw new DomainError('invalid', 'A command line of more than 4 MiB');
  }
  return readFileSync(path);
}

/**
 * The namespaces and the root of this process. Paths and process numbers of a client with others
 * mean something else here.
 */
export function ownIdentity(): string {
  const kinds = ['mnt', 'pid', 'user', 'cgroup', 'net', 'ipc', 'uts'];
  const inodes = kinds.map((kind) => `${inodeOf(`/proc/self/ns/${kind}`)} `).join('');
  const root = statSync('/', { bigint: true });
  return `${inodes}${root.dev}:${root.ino}`;
}

function inodeOf(path: string): bigint {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
}
