import { withoutCredentials } from '../../base/log-value.ts';
import { inSpan } from '../../base/trace.ts';
import type { ImageService } from '../../image/image-service.ts';
import type { RuntimeMetrics } from './metrics.ts';

/** The same images, whose pulls are counted and traced, whoever asks for them. */
export function measuredImages(images: ImageService, metrics: RuntimeMetrics): ImageService {
  return {
    ...images,
    pull: (name, options) =>
      inSpan('image pull', { image: withoutCredentials(name) }, () =>
        metrics.pull(() => images.pull(name, options)),
      ),
  };
}
