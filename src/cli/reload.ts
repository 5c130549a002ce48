import { messageOf } from '../base/error.ts';
import { setLogLevel, type Logger } from '../base/log.ts';
import { Wakeup } from '../base/wakeup.ts';
import { planChange } from '../cri/config-change.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import type { RuntimeHandlers } from '../cri/runtime-handlers.ts';
import type { StreamingServer } from '../cri/streaming/server.ts';
import { streamingSettings } from '../cri/streaming/settings.ts';
import { parseImageSettings } from '../image/settings.ts';
import type { ImageService } from '../image/image-service.ts';
import type { PodNetwork } from '../sandbox/pod-network.ts';
import { openHandlers } from './open-handlers.ts';
import type { ServiceManager } from './service-manager.ts';

/** What a reload changes, and whom it tells. */
export interface Reloaded {
  readonly images: ImageService;
  readonly network: PodNetwork;
  readonly streaming: StreamingServer;
  readonly networkOf: (config: RuntimeConfig) => Parameters<PodNetwork['reconfigure']>[0];
  readonly setHandlers: (handlers: RuntimeHandlers) => void;
  readonly manager: ServiceManager;
  readonly log: Logger;
}

/** Every SIGHUP since this was made is a wish; wishes that come together are one. */
export function reloadWishes(): Wakeup {
  const wishes = new Wakeup();
  process.on('SIGHUP', () => wishes.wake());
  return wishes;
}

/** Reads the configuration again at each wish, as long as the process lives. Never rejects. */
export async function serveReloads(
  wishes: Wakeup,
  { config, read }: { readonly config: RuntimeConfig; readonly read: () => Promise<RuntimeConfig> },
  parts: Reloaded,
): Promise<void> {
  let running = config;
  for (;;) {
    await wishes.wait();
    const nowUs = process.hrtime.bigint() / 1000n;
    parts.manager.notify('RELOADING=1', `MONOTONIC_USEC=${nowUs}`);
    const { config: reloaded, status } = await reload(running, read, parts);
    running = reloaded;
    parts.manager.notify('READY=1', `STATUS=${status}`);
  }
}

interface Outcome {
  readonly config: RuntimeConfig;
  readonly status: string;
}

/** All that can fail comes before other changes: a bad configuration changes nothing. */
async function reload(
  running: RuntimeConfig,
  read: () => Promise<RuntimeConfig>,
  parts: Reloaded,
): Promise<Outcome> {
  const { log } = parts;
  try {
    const { config, changed, needRestart } = planChange(running, await read());
    const image = parseImageSettings(config.image);
    const handlers = await openHandlers(config.runtimes);
    // The files may hold another certificate under the same names.
    parts.streaming.renewCertificate((await streamingSettings(config)).tls);
    if (config.logLevel !== running.logLevel) setLogLevel(config.logLevel);
    parts.images.reconfigure(image);
    parts.network.reconfigure(parts.networkOf(config));
    parts.setHandlers(handlers);
    log.info({ changed }, 'configuration reloaded');
    if (needRestart.length === 0) return { config, status: 'Ready' };
    log.warn({ needRestart }, 'changed settings that hold only after a restart');
    return { config, status: `Ready; after a restart: ${needRestart.join(', ')}` };
  } catch (error) {
    const why = messageOf(error);
    log.error({ why }, 'configuration not reloaded; the one before stays');
    return { config: running, status: `Ready; configuration not reloaded: ${why}` };
  }
}
