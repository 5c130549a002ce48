import type { Pod, Secret } from '../../api/types/generated/core-v1.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { KeyedLock } from '../../base/keyed-lock.ts';
import type { AuthConfig, Image, PodSandboxConfig } from '../../cri/generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';
import { BackOff } from '../pod/back-off.ts';
import type { Failure } from '../pod/container-status.ts';
import type { PodContainer } from '../pod/pod-containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { credentialsFor } from './credentials.ts';
import { elapsedText } from './elapsed-text.ts';

export interface ImageRequest {
  readonly pod: Pod;
  /** The image's name, as the pod has it. */
  readonly name: string;
  readonly policy: string | undefined;
  /** The container that is of it; absent for a volume's. */
  readonly what?: PodContainer;
  /** What the runtime pulls for. */
  readonly sandbox: () => Draft<PodSandboxConfig>;
  /** The pod's pull secrets that are there. */
  readonly secrets: () => Promise<readonly Secret[]>;
}

export type ImageOutcome =
  | { readonly image: Image; readonly failure?: undefined }
  | { readonly failure: Failure; readonly retryAtMs: number };

export interface PullerOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly events: PodEvents;
  /**
   * One pull at a time, so that each has the whole line; a registry that does not answer holds the
   * others up for a minute and no longer.
   */
  readonly serialize: boolean;
}

const longestAloneMs = 60_000;

const configRetryMs = 10_000;

/** Gets images as pods' policies say, with a longer pause after each failure. */
export class ImagePuller {
  readonly #options: PullerOptions;
  readonly #backOff = new BackOff();
  readonly #lock = new KeyedLock();
  /** What was asked for ahead, by the pod's state then and the image's name. */
  readonly #ahead = new WeakMap<Pod, Map<string, Promise<Image | undefined>>>();

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** Asks for what the pod begins with while its sandbox is made, which takes longer. */
  lookAhead(pod: Pod): void {
    const { initContainers = [], containers } = pod.spec;
    const first = initContainers.length > 0 ? initContainers.slice(0, 1) : containers;
    const names = new Set(first.map(({ image = '' }) => withTag(image)));
    const found = [...names].map((name) => {
      const image = this.#options.runtime.imageStatus({ image: name });
      // Told to who takes it.
      image.catch(() => undefined);
      return [name, image] as const;
    });
    this.#ahead.set(pod, new Map(found));
  }

  /** An answer is good for one start: what is there may go, and what was absent have come. */
  async #status(pod: Pod, name: string): Promise<Image | undefined> {
    const found = this.#ahead.get(pod);
    const image = found?.get(name);
    found?.delete(name);
    return (await image) ?? (await this.#options.runtime.imageStatus({ image: name }));
  }

  async ensure(request: ImageRequest): Promise<ImageOutcome> {
    const { events, clock } = this.#options;
    const name = withTag(request.name);
    const policy = request.policy ?? (name.endsWith(':latest') ? 'Always' : '');
    const image = await this.#status(request.pod, name);
    const quoted = `"${request.name}"`;
    if (image !== undefined && policy !== 'Always') {
      const message = `Container image ${quoted} already present on machine`;
      events.tell(request.pod, { ...about(request), reason: 'Pulled', message });
      return { image };
    }
    if (policy === 'Never') {
      const message = `Container image ${quoted} is not present with pull policy of Never`;
      events.warn(request.pod, { ...about(request), reason: 'ErrImageNeverPull', message });
      const retryAtMs = clock.now() + configRetryMs;
      return { failure: { reason: 'ErrImageNeverPull', message }, retryAtMs };
    }
    return this.#pullUnlessHeld(request, name);
  }

  async #pullUnlessHeld(request: ImageRequest, name: string): Promise<ImageOutcome> {
    const { clock, events } = this.#options;
    const key = `${request.pod.metadata.uid ?? ''}_${name}`;
    const untilMs = this.#backOff.until(key);
    const message = `Back-off pulling image "${request.name}"`;
    if (untilMs > clock.now()) {
      events.tell(request.pod, { ...about(request), reason: 'BackOff', message });
      return { failure: { reason: 'ImagePullBackOff', message }, retryAtMs: untilMs };
    }
    try {
      const image = await this.#pull(request, name);
      this.#backOff.succeeded(key);
      return { image };
    } catch (error) {
      this.#backOff.failed(key, clock.now());
      const text = messageOf(error);
      const message = `Failed to pull image "${request.name}": ${text}`;
      events.warn(request.pod, { ...about(request), reason: 'Failed', message });
      // What is wrong is told once; then the pause is.
      return { failure: { reason: 'ErrImagePull', message: text }, retryAtMs: clock.now() + 1000 };
    }
  }

  async #pull(request: ImageRequest, name: string): Promise<Image> {
    const { clock, serialize, runtime, events } = this.#options;
    const { pod } = request;
    const quoted = `"${request.name}"`;
    events.tell(pod, { ...about(request), reason: 'Pulling', message: `Pulling image ${quoted}` });
    const askedMs = clock.now();
    let begunMs = askedMs;
    let pulled = Promise.resolve();
    await this.#lock.run(serialize ? '' : name, async () => {
      begunMs = clock.now();
      pulled = this.#pullWithAny(request, name);
      await settledWithin(pulled, longestAloneMs, clock);
    });
    await pulled;
    const nowMs = clock.now();
    const image = await runtime.imageStatus({ image: name });
    if (image === undefined) throw new Error(`image ${name} is gone after its pull`);
    const waited = elapsedText(nowMs - askedMs);
    const took = `${elapsedText(nowMs - begunMs)} (${waited} including waiting)`;
    const size = `Image size: ${image.size} bytes.`;
    const message = `Successfully pulled image ${quoted} in ${took}. ${size}`;
    events.tell(pod, { ...about(request), reason: 'Pulled', message });
    return image;
  }

  /** With each credential that fits, until the registry takes one; without any if none does. */
  async #pullWithAny(request: ImageRequest, name: string): Promise<void> {
    const secrets = await request.secrets();
    const credentials = credentialsFor(name, secrets);
    const attempts: (Partial<AuthConfig> | undefined)[] =
      credentials.length === 0 ? [undefined] : credentials;
    let last: unknown;
    for (const auth of attempts) {
      try {
        await this.#options.runtime.pullImage({
          image: { image: name },
          sandbox_config: request.sandbox(),
          ...(auth !== undefined && { auth }),
        });
        return;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }
}

function about({ what }: ImageRequest): { readonly what?: PodContainer } {
  return what === undefined ? {} : { what };
}

/** Never rejects: who waits for the work itself hears of its failure. */
async function settledWithin(work: Promise<void>, limitMs: number, clock: Clock): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort();
  work.then(end, end);
  await sleep(clock, limitMs, over.signal);
}

/** What has neither tag nor digest is the latest. */
export function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}
