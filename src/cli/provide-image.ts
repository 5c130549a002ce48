import { isDomainError } from '../base/error.ts';
import { Images } from '../cri/generated/keelson.ts';
import type { Cli } from './cli.ts';
import { pullImage } from './pull-image.ts';
import type { RunFlags } from './run-flags.ts';

/** Pulls the image of `run` where it is missing, with progress on stderr. */
export async function provideImage(cli: Cli, flags: RunFlags, image: string): Promise<void> {
  if (flags.pull === 'never') return;
  if (flags.pull !== 'always') {
    try {
      await cli.client.call(Images.Inspect, { image });
      return;
    } catch (error) {
      if (!isDomainError(error, 'notFound')) throw error;
    }
  }
  await pullImage(cli, { image, platform: flags.platform ?? '' }, process.stderr);
}
