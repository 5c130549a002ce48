/** A running watch of the event loop; only watchStop ends it. */
export interface WatchHandle {
  readonly kind: unique symbol;
}

/** The addon's calls on sockets and readiness: socket.hh, dial.hh and watch.hh. */
export interface SocketAddon {
  socketPair(): [number, number];
  socketConnect(folder: string, name: string): number;
  socketListen(folder: string, name: string, backlog: number): number;
  socketAccept(fd: number): number | undefined;
  socketPeer(fd: number): { readonly pid: number; readonly uid: number; readonly gid: number };
  datagramBind(folder: string, name: string): number;
  /** To `/path` or `@abstract-name`. */
  datagramSend(path: string, data: Uint8Array): void;
  messageSend(fd: number, data: Uint8Array, fds: readonly number[]): boolean;
  messageReceive(fd: number): { data: Buffer; fds: number[] } | null | undefined;

  tcpDial(address: string, port: number): number;
  tcpReset(fd: number): void;
  streamSend(fd: number, data: Uint8Array): number | undefined;
  streamReceive(fd: number): Buffer | null | undefined;

  /** Events: 1 readable, 2 writable. */
  watchStart(fd: number, onReady: (events: number) => void): WatchHandle;
  watchStop(handle: WatchHandle): void;
  watchWritable(handle: WatchHandle, wanted: boolean): void;
  watchReference(handle: WatchHandle, wanted: boolean): void;
}
