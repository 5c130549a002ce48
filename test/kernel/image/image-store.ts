import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { ImageService } from '../../../src/image/image-service.ts';
import {
  openImageService,
  type ImageServiceOptions,
} from '../../../src/image/open-image-service.ts';

/** A state folder of one test, with the service that has it open. */
export interface TestStore extends AsyncDisposable {
  readonly stateFolder: string;
  readonly images: ImageService;
  readonly logged: string[];
  /** Closes the service and opens the folder anew, as a restarted runtime does. */
  reopen(): Promise<void>;
  /** Names in a folder below the state folder. */
  names(folder: string): string[];
}

export async function openTestStore(
  options: Partial<ImageServiceOptions> = {},
): Promise<TestStore> {
  const stateFolder = options.stateFolder ?? mkdtempSync(join(tmpdir(), 'keelson-images-'));
  const logged: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const settings = { dockerConfig: '', certsFolder: '', stallTimeoutMs: 2000, ...options };
  const open = (): Promise<ImageService> => openImageService({ ...settings, stateFolder, log });
  let images = await open();
  return {
    stateFolder,
    logged,
    get images() {
      return images;
    },
    names: (folder) => readdirSync(join(stateFolder, folder)),
    async reopen() {
      await images.close();
      images = await open();
    },
    async [Symbol.asyncDispose]() {
      await images.close();
      if (options.stateFolder === undefined) rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}

/** A layer's plain tar with these files, made by tar(1). */
export function makeLayer(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-layer-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const options = { maxBuffer: 1024 * 1024 * 1024 };
    return execFileSync('tar', ['-C', folder, '--sort=name', '-c', '.'], options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
