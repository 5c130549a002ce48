import { messageOf } from '../base/error.ts';

/** Error codes of the CNI specification; 100 and above belong to the plugin. */
export const CniCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfiguration: 7,
  /** Not in the specification, but what the reference plugins answer. */
  invalidNetworkNamespace: 8,
  tryAgainLater: 11,
  notAvailable: 50,
  limitedConnectivity: 51,
  /** Not in the specification, but what the reference plugins answer for any other error. */
  internal: 999,
} as const;

/** A plugin failed, or may not be called like this. Printed by a plugin, read by a runtime. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: number;
  readonly details: string;

  constructor(code: number, message: string, details = '') {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Any failure of a plugin. One whose taking back failed too keeps the code of the first. */
export function asCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof SuppressedError) {
    const { code, details } = asCniError(error.suppressed);
    return new CniError(code, messageOf(error), details);
  }
  return new CniError(CniCode.internal, messageOf(error));
}
