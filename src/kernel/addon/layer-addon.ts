/** The addon's calls for unpacking layers: inflate.hh, confine.hh and folder.hh. */
export interface LayerAddon {
  /** A stream of gzip members, or of zstd frames whose window has at most 2^windowLog bytes. */
  inflateOpen(isZstd: boolean, windowLog: number): object;
  /**
   * Turns a part of the input into a part of the output. `counts` becomes bytes read, bytes
   * written, and 1 where a member or frame just ended. Returns why the data is bad, if it is.
   */
  // oxlint-disable-next-line max-params -- called for every part of a layer; an object costs more
  inflateStep(
    stream: object,
    input: Uint8Array,
    output: Uint8Array,
    counts: Uint32Array,
  ): string | undefined;
  confineThread(folder: string): void;
  releaseThread(mountNamespace: number, root: number): void;
  listFolder(fd: number): Buffer;
}
