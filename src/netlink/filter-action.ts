import { eachAttribute } from './attribute.ts';
import { requireBytes, text } from './codec.ts';
import { hostIsLittle, type Source } from './message.ts';
import type { MessageWriter } from './writer.ts';

/** What happens to a packet that matches. */
export type FilterAction =
  /** Sent out of (or received on) that interface instead, or as well. */
  | {
      readonly kind: 'mirred';
      readonly mode: 'redirect' | 'mirror';
      readonly direction?: 'egress' | 'ingress';
      /** Index of the interface. */
      readonly index: number;
    }
  | { readonly kind: 'drop' };

/** linux/pkt_cls.h: TC_ACT_*; TCA_EGRESS_REDIR and its like. */
const verdict = { drop: 2, pipe: 3, stolen: 4 } as const;
const mirredModes = {
  egress: { redirect: 1, mirror: 2 },
  ingress: { redirect: 3, mirror: 4 },
} as const;

/**
 * A list of one action { TCA_ACT_KIND 1, TCA_ACT_OPTIONS 2 { parameters 2 } }, where the parameters
 * are struct { u32 index, capab; int action, refcnt, bindcnt; } and, for mirred,
 * { int eaction; u32 ifindex; }.
 */
export function writeAction(writer: MessageWriter, type: number, action: FilterAction): void {
  const nest = writer.beginPlainNest(type);
  const first = writer.beginPlainNest(1);
  text.write(writer, 1, action.kind === 'mirred' ? 'mirred' : 'gact');
  const options = writer.beginNest(2);
  if (action.kind === 'mirred') {
    const offset = writer.attribute(2, 28);
    const after = action.mode === 'redirect' ? verdict.stolen : verdict.pipe;
    writer.view.setInt32(offset + 8, after, hostIsLittle);
    const mode = mirredModes[action.direction ?? 'egress'][action.mode];
    writer.view.setInt32(offset + 20, mode, hostIsLittle);
    writer.view.setUint32(offset + 24, action.index, hostIsLittle);
  } else {
    const offset = writer.attribute(2, 20);
    writer.view.setInt32(offset + 8, verdict.drop, hostIsLittle);
  }
  writer.endNest(options);
  writer.endNest(first);
  writer.endNest(nest);
}

/** The actions of a list that are of a kind known here. */
export function readActions(source: Source, start: number, end: number): FilterAction[] {
  const actions: FilterAction[] = [];
  eachAttribute(source, { start, end }, (_order, from, to) => {
    const action = readAction(source, from, to);
    if (action !== undefined) actions.push(action);
  });
  return actions;
}

function readAction(source: Source, start: number, end: number): FilterAction | undefined {
  let kind = '';
  let action: FilterAction | undefined;
  eachAttribute(source, { start, end }, (type, from, to) => {
    if (type === 1) kind = text.read(source, from, to);
    if (type !== 2) return;
    eachAttribute(source, { start: from, end: to }, (inner, first, last) => {
      if (inner === 2) action = readParameters(kind, source, [first, last]);
    });
  });
  return action;
}

function readParameters(
  kind: string,
  source: Source,
  [start, end]: [number, number],
): FilterAction | undefined {
  if (kind === 'gact') {
    requireBytes(start, end, 20);
    const after = source.view.getInt32(start + 8, hostIsLittle);
    return after === verdict.drop ? { kind: 'drop' } : undefined;
  }
  if (kind !== 'mirred') return undefined;
  requireBytes(start, end, 28);
  const number = source.view.getInt32(start + 20, hostIsLittle);
  const direction = number === 1 || number === 2 ? 'egress' : 'ingress';
  const mode = number === 1 || number === 3 ? 'redirect' : 'mirror';
  return { kind, mode, direction, index: source.view.getUint32(start + 24, hostIsLittle) };
}
