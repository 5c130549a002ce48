/** The bounds of the Ingress proxy, as `limits.ts` has those of all others. */
export const ingressLimits = {
  /** Clients of the Ingress proxy: connections, those of one address, TLS handshakes. */
  connections: 16_384,
  clientConnections: 4096,
  handshakeMs: 10_000,
  /** A request's head: its bytes, headers, and time; an idle connection's time. */
  headerBytes: 16 * 1024,
  headers: 200,
  headMs: 20_000,
  idleMs: 75_000,
  /** Streams of one HTTP/2 connection. */
  streams: 128,
  /** A client that does not read its answer, and one that does not send its body. */
  stallMs: 60_000,
  /** A backend's time to be connected to, to answer, and between two parts of an answer. */
  dialMs: 5000,
  answerMs: 60_000,
  /** Connections to one endpoint, an idle one's time, and endpoints that are tried in turn. */
  backendConnections: 1024,
  backendIdleMs: 4000,
  attempts: 3,
  /** How long others are asked before an endpoint that refused a connection. */
  refusedMs: 1000,
  /** An upgraded connection on which nobody says anything. */
  tunnelIdleMs: 60 * 60 * 1000,
  /** Secrets with certificates that are followed. */
  secrets: 1000,
  /** A proxy without an Ingress and without connections ends after so long. */
  spareMs: 60_000,
  /** Requests under way when the proxy ends. */
  drainMs: 8000,
} as const;
