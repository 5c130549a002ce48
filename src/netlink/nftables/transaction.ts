import { KernelError } from '../../base/error.ts';
import { AttributeTable } from '../attribute.ts';
import { be32, text } from '../codec.ts';
import type { Connection } from '../connection.ts';
import { type Message } from '../message.ts';
import type { Request } from '../request.ts';
import { genericHeaderBytes, messages, subsystem, writeGenericHeader } from './message.ts';

/** linux/netfilter/nfnetlink.h: NFNL_MSG_BATCH_*. */
const batchType = { begin: 0x10, end: 0x11 } as const;

/** NFTA_GEN_*, and NFNL_BATCH_GENID. */
const generationTable = new AttributeTable({ id: [1, be32], pid: [2, be32], program: [3, text] });

/** Which commit the ruleset is at, and who made it. */
export interface Generation {
  readonly id: number;
  readonly pid: number;
  readonly program: string;
}

/**
 * Applies all changes in one step or none of them. Throws the KernelError of the first one that
 * the kernel refuses; ERESTART when the ruleset is no longer at `generation`. `nft -f FILE`.
 */
export async function commit(
  connection: Connection,
  changes: readonly (Request | readonly Request[])[],
  options: { readonly generation?: number } = {},
): Promise<void> {
  const requests = changes.flat();
  if (requests.length === 0) return;
  const all = [boundary('begin', options.generation), ...requests, boundary('end')];
  const failures = await connection.transaction(all, all.length - 2);
  const [first] = failures.toSorted((a, b) => a.index - b.index);
  if (first !== undefined) throw first.error;
}

/** The current generation: it changes with every commit of anybody. */
export async function generation(connection: Connection): Promise<Generation> {
  const request: Request = {
    call: 'NFT_MSG_GETGEN',
    type: (subsystem.nftables << 8) | messages.GETGEN,
    flags: 0,
    write: (writer) => writeGenericHeader(writer, 0),
  };
  const [answer] = await connection.transact(request, readGeneration);
  if (answer !== undefined) return answer;
  throw new KernelError({ call: request.call, errno: 61, code: 'ENODATA' });
}

/** Decodes NFT_MSG_NEWGEN. Throws DomainError `invalid`. */
export function readGeneration(message: Message): Generation {
  const from = message.start + genericHeaderBytes;
  const values = generationTable.read(message.source, from, message.end);
  return { id: values.id ?? 0, pid: values.pid ?? 0, program: values.program ?? '' };
}

function boundary(which: 'begin' | 'end', id?: number): Request {
  return {
    call: `NFNL_MSG_BATCH_${which.toUpperCase()}`,
    type: batchType[which],
    flags: 0,
    ...(id !== undefined && { object: `generation ${id}` }),
    write(writer) {
      writeGenericHeader(writer, 0, subsystem.nftables);
      generationTable.write(writer, { id });
    },
  };
}
