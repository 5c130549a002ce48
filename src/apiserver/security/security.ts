import type { SecureContextOptions } from 'node:tls';
import type { ApiClient } from '../../api/client/client.ts';
import type { JsonObject } from '../../api/json.ts';
import type { Auditing } from './audit/audit-trail.ts';
import type { Gate } from './gate.ts';
import type { InFlight } from './in-flight.ts';

/** The certificate that the server shows, and whose certificates it takes. */
export interface Serving {
  readonly context: SecureContextOptions;
  /** Calls back with each new certificate; connections that are open keep theirs. */
  onRenewal(renewed: (context: SecureContextOptions) => void): void;
}

/** All that makes a server secure. */
export interface Security {
  readonly gate: Gate;
  readonly inFlight: InFlight;
  /** Absent: nothing is written down. */
  readonly audit: Auditing | undefined;
  readonly serving: Serving;
  /** What is answered at paths of its own: keys of tokens. */
  readonly documents: ReadonlyMap<string, JsonObject>;
  /** Makes what a cluster starts with: roles and their bindings. */
  prepare(client: ApiClient): Promise<void>;
}
