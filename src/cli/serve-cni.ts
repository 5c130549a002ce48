import { fstatSync, readSync, statSync } from 'node:fs';
import { messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { asRequest } from '../base/request.ts';
import type { Answer } from '../cni/answer.ts';
import type { Resident, ResidentCall } from '../cni/resident.ts';
import type { RuntimeMetrics } from '../cri/monitor/metrics.ts';
import { addon } from '../kernel/addon.ts';
import { sealedMemoryFile } from '../kernel/memory-file.ts';
import { MessageListener } from '../kernel/message-listener.ts';
import { decodeRecord, encodeRecords } from '../kernel/record.ts';
import { type Message, MessageSocket } from '../kernel/socket.ts';
import { operationOf } from './measured-cni.ts';

export interface CniServerOptions {
  readonly resident: Resident;
  /** The folder of `cni.sock`. */
  readonly folder: string;
  readonly log: Logger;
  readonly metrics?: RuntimeMetrics;
}

/**
 * The protocol with native/cni/resident.cc: a call, to which "begun" goes to a socket of its own
 * that came with it, and then "answer" where the call came from.
 */
const protocolVersion = '2';

/** What the kernel takes in one message by default; a longer stdout goes as a file. */
const inlineBytes = 96 * 1024;

/** Connections open at once: all that may wait, and some. */
const begun = Buffer.from('begun');

const maximumConnections = limits.cniQueue + 2 * limits.cniCalls;

/**
 * Serves the clients in the plugin folders at `cni.sock`: one call a connection. The socket is
 * 0600, and a client of another user is refused even where somebody loosened that.
 */
export class CniServer {
  readonly #resident: Resident;
  readonly #log: Logger;
  readonly #metrics: RuntimeMetrics | undefined;
  readonly #listener: MessageListener;
  readonly #calls = new Set<Promise<void>>();
  #connections = 0;

  constructor({ resident, folder, log, metrics }: CniServerOptions) {
    this.#metrics = metrics;
    this.#resident = resident;
    this.#log = log;
    this.#listener = new MessageListener(folder, 'cni.sock', (fd) => this.#accept(fd));
  }

  /** Takes no new calls and waits for those under way, but not longer than `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#listener.close();
    const grace = new Promise((resolve) => setTimeout(resolve, graceMs).unref());
    await Promise.race([Promise.all(this.#calls), grace]);
  }

  #accept(fd: number): void {
    const client = new AbortController();
    let asked = false;
    const socket = new MessageSocket(fd, {
      onMessage: (message) => {
        if (asked) return refuse(socket, message);
        asked = true;
        this.#track(this.#serve(socket, message, client.signal));
      },
      onEnd: () => {
        this.#connections--;
        client.abort(new Error('the client went away'));
      },
    });
    this.#connections++;
    if (this.#connections > maximumConnections || socket.peer().uid !== process.geteuid?.()) {
      this.#hangUp(socket);
    }
  }

  #track(call: Promise<void>): void {
    this.#calls.add(call);
    void call.finally(() => this.#calls.delete(call));
  }

  /** `close` says nothing to the listener, so the connection is counted here. */
  #hangUp(socket: MessageSocket): void {
    this.#connections--;
    socket.close();
  }

  async #measured(call: ResidentCall): Promise<Answer> {
    const startedAt = performance.now();
    const answer = await this.#resident.serve(call);
    const operation = operationOf(call.environment['CNI_COMMAND']);
    const failed = answer.exitCode !== 0;
    this.#metrics?.cniEnded({ operation, plugin: call.type, startedAt, failed });
    this.#log.debug({ operation, plugin: call.type, failed }, 'CNI call');
    return answer;
  }

  /** Never rejects: what goes wrong with one client is that client's. */
  async #serve(socket: MessageSocket, message: Message, signal: AbortSignal): Promise<void> {
    try {
      const request = decodeRequest(message);
      if (request !== undefined && this.#resident.has(request.type)) {
        // A client that has given up has shut its end down: this throws, and nothing begins.
        if (!addon.messageSend(request.beginFd, begun, [])) throw new Error('"begun" is refused');
        sendAnswer(socket, await asRequest(() => this.#measured({ ...request, signal })));
      }
    } catch (error) {
      this.#log.debug(`a CNI client: ${messageOf(error)}`);
    } finally {
      for (const fd of message.fds) addon.close(fd);
      if (!signal.aborted) this.#hangUp(socket);
    }
  }
}

interface Request {
  readonly type: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string;
  readonly netnsFd: number | undefined;
  /** Where to say that the call is begun. */
  readonly beginFd: number;
}

/**
 * Undefined for a client that is to run the plugin itself: one of another version of keelson, or
 * one that sees another network namespace or other state folders than this process.
 */
function decodeRequest({ data, fds }: Message): Request | undefined {
  const [version, type, view, passed, input, ...environment] = decodeRecord(data);
  if (version?.toString() !== protocolVersion || type === undefined || input === undefined) {
    return undefined;
  }
  if (view?.toString() !== ownView()) return undefined;
  const names = passed?.toString() ?? '';
  if (names.length !== fds.length) return undefined;
  const [inputFd, beginFd] = [fds[names.indexOf('i')], fds[names.indexOf('b')]];
  if (beginFd === undefined) return undefined;
  return {
    beginFd,
    type: type.toString(),
    environment: Object.fromEntries(environment.map((entry) => split(entry.toString()))),
    input: inputFd === undefined ? input.toString() : readBounded(inputFd),
    netnsFd: fds[names.indexOf('n')],
  };
}

function split(entry: string): readonly [string, string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at), entry.slice(at + 1)];
}

/** The same as describeView of native/cni/resident.cc. */
function ownView(): string {
  return ['/proc/self/ns/net', '/', '/run', '/var/lib/cni']
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false, bigint: true });
      return found === undefined ? '0:0 ' : `${found.dev}:${found.ino} `;
    })
    .join('');
}

function readBounded(fd: number): string {
  const { size } = fstatSync(fd);
  if (size > limits.cniDocumentBytes) throw new Error(`an input of ${size} bytes`);
  const bytes = Buffer.alloc(size);
  // From its beginning: the offset is shared with the client, who has written it.
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, size, 0));
}

function sendAnswer(socket: MessageSocket, { exitCode, stdout, stderr }: Answer): void {
  const errors = stderr.slice(0, limits.cniErrorBytes);
  if (Buffer.byteLength(stdout) <= inlineBytes) {
    socket.send(encodeRecords([['answer', exitCode, stdout, errors]]));
    return;
  }
  using file = sealedMemoryFile('cni-answer', Buffer.from(stdout));
  socket.send(encodeRecords([['answer', exitCode, '', errors]]), [file.fd]);
}

function refuse(socket: MessageSocket, { fds }: Message): void {
  for (const fd of fds) addon.close(fd);
  socket.close();
}
