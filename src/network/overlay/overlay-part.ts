import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, messageOf } from '../../base/error.ts';
import { Wakeup } from '../../base/wakeup.ts';
import type { NetworkPart, NodeNetwork } from '../network.ts';
import { overlayNodeOf, parseNodeFile } from './overlay-node.ts';
import type { OverlaySettings } from './overlay-settings.ts';
import { Overlay } from './overlay.ts';
import { type PodNetworkFiles, writePodNetwork } from './pod-network-files.ts';

export interface OverlayPartOptions {
  readonly settings: OverlaySettings;
  readonly files: PodNetworkFiles;
  /** The nodes, where there is no API to ask. */
  readonly nodeFile?: string;
}

const filePollMs = 500;
/** Nodes that change together are looked at together. */
const settleMs = 20;

/** The overlay as a part of the agent: its nodes from the API, or from a file. */
export function overlayPart(options: OverlayPartOptions): NetworkPart {
  return {
    name: 'overlay',
    async run(node, signal) {
      const { settings, files, nodeFile } = options;
      const { nodeName, ledger, log } = node;
      const overlay = new Overlay({
        settings,
        nodeName,
        ledger,
        log,
        planned: (plan) => writePodNetwork(files, plan, ledger),
      });
      void overlay.ready.then(() => log.info('ready'));
      const stop = new AbortController();
      const either = AbortSignal.any([signal, stop.signal]);
      const following =
        nodeFile === undefined
          ? followNodes(node, overlay, either)
          : followFile({ path: nodeFile, node, overlay }, either);
      try {
        await Promise.race([overlay.run(either), following]);
      } finally {
        stop.abort();
        await following;
      }
    },
  };
}

/** Heartbeats of thousands of nodes change nothing here, and wake nobody. */
async function followNodes(
  { objects }: NodeNetwork,
  overlay: Overlay,
  signal: AbortSignal,
): Promise<void> {
  if (objects === undefined) throw new DomainError('invalid', 'There are no nodes to follow');
  const { nodes } = objects;
  const changed = new Wakeup();
  nodes.onChange((now, before) => {
    const [one, other] = [now, before].map((node) => node && JSON.stringify(overlayNodeOf(node)));
    if (one !== other) changed.wake();
  });
  signal.addEventListener('abort', () => changed.wake(), { once: true });
  await Promise.race([nodes.synced, aborted(signal)]);
  while (!signal.aborted) {
    overlay.setNodes(nodes.list().map(overlayNodeOf));
    await changed.wait();
    await delay(settleMs);
  }
}

interface Followed {
  readonly path: string;
  readonly node: NodeNetwork;
  readonly overlay: Overlay;
}

/** A file that is missing or damaged changes nothing: the nodes stay as they were known. */
async function followFile({ path, node, overlay }: Followed, signal: AbortSignal): Promise<void> {
  let read = '';
  let told = '';
  while (!signal.aborted) {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${mtimeMs}/${size}/${ino}`;
      if (version !== read) overlay.setNodes(parseNodeFile(await readFile(path, 'utf8')));
      read = version;
      told = '';
    } catch (error) {
      const words = messageOf(error);
      if (words !== told) node.log.warn(words);
      told = words;
    }
    await delay(filePollMs, undefined, { signal }).catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
