import { DomainError } from '../base/error.ts';
import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The controlling side of a new pseudo-terminal: what is written here is typed there, and what a
 * program writes there is read here, until EIO when the last program has closed its side.
 */
export class Terminal implements Disposable {
  readonly control: Descriptor;

  private constructor(control: Descriptor) {
    this.control = control;
  }

  /** On the devpts mounted at a folder, by its descriptor; on the host's when left out. */
  static open(devpts?: number): Terminal {
    return new Terminal(new Descriptor(addon.openTerminal(devpts ?? -1)));
  }

  /**
   * The program's side, TIOCGPTPEER: opened by this descriptor, so that nothing put at its path
   * meanwhile can take its place. The caller closes it.
   */
  openPeer(): Descriptor {
    return new Descriptor(addon.terminalPeer(this.control.fd));
  }

  /** N in /dev/pts/N. */
  get number(): number {
    return addon.terminalNumber(this.control.fd);
  }

  [Symbol.dispose](): void {
    this.control.close();
  }
}

/** Sets the size of a terminal, from either side; its programs get SIGWINCH when it changes. */
export function setWindowSize(fd: number, { rows, columns }: WindowSize): void {
  for (const each of [rows, columns]) {
    if (!Number.isInteger(each) || each < 0 || each > 65_535) {
      throw new DomainError('invalid', `Window size ${columns}x${rows} is out of range`);
    }
  }
  addon.setWindowSize(fd, rows, columns);
}

/** ENOTTY when the descriptor is no terminal. */
export function getWindowSize(fd: number): WindowSize {
  const both = addon.getWindowSize(fd);
  return { rows: both >>> 16, columns: both & 0xffff };
}
