import { closeSync, openSync } from 'node:fs';
import { addon } from './addon.ts';

/** What a confined thread needs to come back; opened on a thread that is not confined. */
export interface WayBack {
  readonly mountNamespace: number;
  readonly root: number;
  close(): void;
}

export function openWayBack(): WayBack {
  const mountNamespace = openSync('/proc/self/ns/mnt', 'r');
  const root = openSync('/', 'r');
  return {
    mountNamespace,
    root,
    close() {
      closeSync(mountNamespace);
      closeSync(root);
    },
  };
}

/**
 * Makes a folder the calling thread's whole file system: its root, in a mount namespace that holds
 * nothing else, without devices, setuid or programs. Other threads are not touched; asynchronous
 * `fs` calls run on other threads, so only synchronous ones see the change. For worker threads;
 * never call it on the main thread. The umask becomes 0. Needs CAP_SYS_ADMIN (EPERM).
 */
export function confineThread(folder: string): void {
  addon.confineThread(folder);
}

/** Undoes {@link confineThread}; the namespace with its mounts is gone then. */
export function releaseThread(wayBack: Pick<WayBack, 'mountNamespace' | 'root'>): void {
  addon.releaseThread(wayBack.mountNamespace, wayBack.root);
}
