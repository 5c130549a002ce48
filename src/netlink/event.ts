import type { Message } from './message.ts';

/** What is told of one subject: `Told` has the type of each kind. `new` may be a change. */
export type EventOf<Told, Kind extends keyof Told> = {
  readonly kind: Kind;
  readonly action: 'new' | 'removed';
} & { readonly [Key in Kind]: Told[Kind] };

/** An event of any kind. */
export type AnyEventOf<Told> = { [Kind in keyof Told]: EventOf<Told, Kind> }[keyof Told];

export type Decode<Event> = (message: Message) => Event | undefined;

/** The decoders of a subject's two message types; what `read` does not know is left out. */
export function decodersOf<Told>() {
  return <Kind extends keyof Told>(
    type: { readonly new: number; readonly remove: number },
    kind: Kind,
    read: (message: Message) => Told[Kind] | undefined,
  ): [number, Decode<AnyEventOf<Told>>][] => {
    const decode = (action: 'new' | 'removed'): Decode<AnyEventOf<Told>> => {
      return (message) => {
        const told = read(message);
        if (told === undefined) return undefined;
        return { kind, action, [kind]: told } as unknown as AnyEventOf<Told>;
      };
    };
    return [
      [type.new, decode('new')],
      [type.remove, decode('removed')],
    ];
  };
}
