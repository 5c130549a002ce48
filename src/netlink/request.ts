import type { MessageWriter } from './writer.ts';

/** A message to the kernel, made by a subject (`route.addRequest`) and sent by a Connection. */
export interface Request {
  /** The kernel's name of the message, for errors: RTM_NEWROUTE. */
  readonly call: string;
  readonly type: number;
  /** NLM_F_* without NLM_F_REQUEST; with `acknowledge` unless it asks for something. */
  readonly flags: number;
  /** What it is about, for errors. */
  readonly object?: string;
  /** The kernel may take milliseconds (it waits for RCU): sent from a thread of the pool. */
  readonly slow?: boolean;
  /** Writes the payload: the family's structure and the attributes. */
  write(writer: MessageWriter): void;
}
