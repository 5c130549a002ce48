import type { ImageService } from '../../image/image-service.ts';
import type { RuntimeMetrics } from './metrics.ts';

/** The same images, whose pulls are counted, whoever asks for them. */
export function measuredImages(images: ImageService, metrics: RuntimeMetrics): ImageService {
  return {
    ...images,
    pull: (name, options) => metrics.pull(() => images.pull(name, options)),
  };
}
