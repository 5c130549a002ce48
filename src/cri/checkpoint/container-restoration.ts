import { createReadStream } from 'node:fs';
import { DomainError } from '../../base/error.ts';
import {
  documentName,
  parseCheckpointDocument,
} from '../../container/checkpoint/checkpoint-document.ts';
import type { RestoreSource } from '../../container/container-engine.ts';
import type { Spec } from '../../container/spec.ts';
import type { Image } from '../../image/image.ts';
import { createUnpacker } from '../../image/layer/unpack.ts';
import type { CheckpointFolder } from '../../container/checkpoint/checkpoint-folder.ts';
import { compareSpecs } from './compare-specs.ts';

/** One container's part of a checkpoint, on its way to be one again. */
export class ContainerRestoration {
  readonly #folder: CheckpointFolder;

  /** The folder stays the caller's. */
  constructor(folder: CheckpointFolder) {
    this.#folder = folder;
  }

  /** The files that it changed belong on top of this image, and of no other. */
  checkImage({ id }: Image): void {
    const config = this.#folder.document('config.dump') as {
      readonly rootfsImage?: unknown;
    } | null;
    if (config?.rootfsImage === id) return;
    throw new DomainError('conflict', 'The container in the checkpoint has another image');
  }

  /** DomainError `conflict` where the process would be another than what is asked for. */
  checkSpec(spec: Spec): void {
    compareSpecs(this.#folder.document('spec.dump'), spec);
  }

  /** Into a new container's writable folder, which is empty. */
  async fill(upper: string): Promise<void> {
    using file = this.#folder.file('rootfs-diff.tar');
    const unpacker = createUnpacker(1);
    try {
      const unpack = unpacker.open({ folder: upper, compression: 'none' });
      // The descriptor stays ours, and is read once.
      const source = createReadStream('', { fd: file.fd, autoClose: false, highWaterMark });
      for await (const chunk of source) await unpack.write(chunk as Buffer);
      await unpack.finish();
    } finally {
      await unpacker.close();
    }
  }

  /** Copied: the checkpoint may go before the container is started. */
  source(target: string): RestoreSource {
    const document = parseCheckpointDocument(this.#folder.document(documentName));
    this.#folder.copyImages('checkpoint', target);
    return { images: target, document };
  }
}

const highWaterMark = 256 * 1024;
