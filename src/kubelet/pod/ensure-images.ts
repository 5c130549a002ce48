import type { Pod, Secret, Volume } from '../../api/types/generated/core-v1.ts';
import type { Image, ImageSpec } from '../../cri/generated/runtime.ts';
import type { Draft } from '../../grpc/message.ts';
import type { ImageOutcome } from '../image/image-puller.ts';
import type { ObservedSandbox } from '../runtime/observed-pod.ts';
import type { PodContainer } from './pod-containers.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { sandboxConfig } from './sandbox-config.ts';

/** What a container is made of. */
export interface Ensured {
  readonly image: Image;
  /** Of the volumes that it mounts, those that are images, by their names. */
  readonly volumes: ReadonlyMap<string, Draft<ImageSpec>>;
  readonly failure?: undefined;
}

interface Wanted {
  readonly pod: Pod;
  readonly what: PodContainer;
  readonly sandbox: ObservedSandbox;
}

/** Gets the images of a container's volumes and its own; what fails first is what it lacks. */
export async function ensureImages(
  surroundings: PodSurroundings,
  { pod, what, sandbox }: Wanted,
): Promise<Ensured | Extract<ImageOutcome, { failure: object }>> {
  const { objects, images, settings, cgroups, users } = surroundings;
  const secrets = async (): Promise<Secret[]> => {
    const names = (pod.spec.imagePullSecrets ?? []).map(({ name = '' }) => name);
    const found = await Promise.all(
      names.map((name) => objects.secret(pod.metadata.namespace ?? '', name)),
    );
    return found.filter((secret) => secret !== undefined);
  };
  const config = () => {
    const place = { attempt: sandbox.attempt, cgroup: cgroups.parentOf(pod), users: users.of(pod) };
    return sandboxConfig(pod, place, settings);
  };
  const common = { pod, sandbox: config, secrets };
  const volumes = new Map<string, Draft<ImageSpec>>();
  for (const { name, image: { reference = '', pullPolicy } = {} } of imageVolumes({ pod, what })) {
    const outcome = await images.ensure({ ...common, name: reference, policy: pullPolicy });
    if (outcome.failure !== undefined) return outcome;
    volumes.set(name, { image: outcome.image.id, user_specified_image: reference });
  }
  const { image = '', imagePullPolicy: policy } = what.container;
  const outcome = await images.ensure({ ...common, what, name: image, policy });
  return outcome.failure === undefined ? { image: outcome.image, volumes } : outcome;
}

function imageVolumes({ pod, what }: Omit<Wanted, 'sandbox'>): Volume[] {
  const mounted = new Set(what.container.volumeMounts?.map(({ name }) => name));
  return (pod.spec.volumes ?? []).filter(({ name, image }) => {
    return image !== undefined && mounted.has(name);
  });
}
