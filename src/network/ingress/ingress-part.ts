import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { aborted } from '../../base/aborted.ts';
import { sleep, systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { ingressLimits } from '../../base/ingress-limits.ts';
import type { Logger } from '../../base/log.ts';
import { isOwnClass, isServed } from '../../api/ingress-class.ts';
import { openProcess, processEnd, signalProcess } from '../../kernel/pidfd.ts';
import { readable } from '../../kernel/readiness.ts';
import type { ClusterObjects } from '../cluster-objects.ts';
import type { NetworkPart, NodeNetwork } from '../network.ts';
import { ListeningSockets, type SocketName } from './listening-sockets.ts';

export interface IngressPartOptions {
  readonly ports: Readonly<Record<SocketName, number>>;
  /** Starts the proxy with these sockets, which it gets as its descriptors from 3 on. */
  readonly start: (sockets: readonly (readonly [SocketName, number])[]) => ChildProcess;
  /** The proxy that an earlier agent has started, if it runs, and by what numbers it has them. */
  readonly running: () =>
    { readonly pid: number; readonly sockets: ReadonlyMap<SocketName, number> } | undefined;
}

/** How often a port that somebody else has is tried. */
const retryMs = 5000;
const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** Who ran for so long is started again at once. */
const goodRunMs = 10_000;

/**
 * Has the node listen for clients of Ingresses once the cluster has a class for them, and a proxy
 * run from the first Ingress, or client, on: a process of its own, for which a node without
 * Ingresses does not pay. When it ends, clients wait in the sockets until the next one has begun. A
 * killed agent leaves it, and the next takes it over.
 */
export function ingressPart(options: IngressPartOptions): NetworkPart {
  return {
    name: 'ingress',
    async run({ objects, log }: NodeNetwork, signal) {
      if (objects === undefined) {
        await aborted(signal);
        return;
      }
      const { ingresses, ingressClasses } = objects;
      await Promise.race([Promise.all([ingresses.synced, ingressClasses.synced]), aborted(signal)]);
      const changes = new Changes();
      ingresses.onChange(() => changes.tell());
      ingressClasses.onChange(() => changes.tell());
      using sockets = new ListeningSockets(options.ports, log);
      const proxy = new KeptProxy(options, { sockets, objects, log, changes });
      while (!signal.aborted) {
        if (await changes.until(() => hasClass(objects), signal)) await proxy.keep(signal);
      }
    },
  };
}

interface Surroundings {
  readonly sockets: ListeningSockets;
  readonly objects: ClusterObjects;
  readonly log: Logger;
  readonly changes: Changes;
}

class KeptProxy {
  readonly #options: IngressPartOptions;
  readonly #sockets: ListeningSockets;
  readonly #objects: ClusterObjects;
  readonly #log: Logger;
  readonly #changes: Changes;
  /** Whoever waits, or runs, has other sockets from now on. */
  #socketsChanged: () => void = () => undefined;

  constructor(options: IngressPartOptions, { sockets, objects, log, changes }: Surroundings) {
    this.#options = options;
    this.#sockets = sockets;
    this.#objects = objects;
    this.#log = log;
    this.#changes = changes;
  }

  /** Until the class has gone or the signal is aborted; then the proxy has ended. */
  async keep(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const classGone = this.#changes.until(() => !hasClass(this.#objects), either);
    const working = Promise.all([this.#keepListening(either), this.#keepProxy(either)]);
    await Promise.race([classGone, working]);
    stop.abort();
    await working;
    this.#sockets.close();
  }

  /** A socket that comes later is the next proxy's, for which this one ends. */
  async #keepListening(signal: AbortSignal): Promise<void> {
    const running = this.#options.running();
    if (running !== undefined) {
      using process = openProcess(running.pid);
      this.#sockets.adopt(process.fd, running.sockets);
    }
    while (!signal.aborted && !this.#sockets.isWhole) {
      if (await this.#sockets.listen()) this.#socketsChanged();
      if (!this.#sockets.isWhole) await sleep(systemClock, retryMs, signal);
    }
  }

  async #keepProxy(signal: AbortSignal): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      if (this.#options.running() === undefined && !(await this.#wanted(signal))) continue;
      const begin = performance.now();
      try {
        await this.#run(signal);
      } catch (error) {
        this.#log.error({ err: error }, `The Ingress proxy: ${messageOf(error)}`);
      }
      const isGood = performance.now() - begin > goodRunMs;
      pauseMs = isGood ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      if (!isGood) await sleep(systemClock, pauseMs, signal);
    }
  }

  /** True when there is an Ingress of ours, or a client; false when it is to be looked at anew. */
  async #wanted(signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    this.#socketsChanged = () => over.abort();
    const { open } = this.#sockets;
    const coming = open.map(([, fd]) =>
      readable(fd, { signal: either }).then(
        () => true,
        () => false,
      ),
    );
    const hasWork = (): boolean => open.length > 0 && hasIngress(this.#objects);
    const rules = this.#changes.until(hasWork, either);
    const isWanted = await Promise.race([rules, ...coming]);
    over.abort();
    await Promise.all([rules, ...coming]);
    return isWanted && !signal.aborted;
  }

  /** One life of it. */
  async #run(signal: AbortSignal): Promise<void> {
    const running = this.#options.running();
    const child = running === undefined ? this.#options.start(this.#sockets.open) : undefined;
    const pid = running?.pid ?? child?.pid;
    if (pid === undefined) {
      const [error] = (await once(child as ChildProcess, 'error')) as [Error];
      throw error;
    }
    child?.unref();
    child?.on('error', () => undefined);
    using process = openProcess(pid);
    this.#log.info({ process: pid }, running ? 'the proxy runs already' : 'the proxy is started');
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      signalProcess(process.fd, 'SIGTERM');
      timer ??= setTimeout(
        () => signalProcess(process.fd, 'SIGKILL'),
        ingressLimits.drainMs + 2000,
      );
    };
    this.#socketsChanged = end;
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      await processEnd(process.fd, { signal: never });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      this.#socketsChanged = () => undefined;
    }
  }
}

/** An end that was asked for comes, by force if need be. */
const never = new AbortController().signal;

function hasClass({ ingressClasses }: ClusterObjects): boolean {
  return ingressClasses.list().some(isOwnClass);
}

function hasIngress({ ingresses, ingressClasses }: ClusterObjects): boolean {
  const classes = ingressClasses.list();
  return ingresses.list().some((ingress) => isServed(ingress, classes));
}

/** Lets those who wait look again whenever something has changed. */
class Changes {
  readonly #waiting = new Set<() => void>();

  tell(): void {
    for (const look of this.#waiting) look();
  }

  /** False when the signal came first. */
  async until(isSo: () => boolean, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (signal.aborted) resolve(false);
      else if (isSo()) resolve(true);
    };
    this.#waiting.add(look);
    signal.addEventListener('abort', look, { once: true });
    look();
    try {
      return await promise;
    } finally {
      this.#waiting.delete(look);
      signal.removeEventListener('abort', look);
    }
  }
}
