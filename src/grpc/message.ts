/** Kinds of field values, by the names of protocol buffers; enumerations are int32. */
export type FieldKind =
  'int32' | 'uint32' | 'int64' | 'uint64' | 'bool' | 'double' | 'string' | 'bytes' | 'message';

/** plain: zero and absent are one; optional: told apart, undefined when absent. */
export type FieldPresence = 'plain' | 'optional' | 'repeated' | 'map';

export type Field = readonly [
  number: number,
  name: string,
  kind: FieldKind,
  presence: FieldPresence,
  message?: AnyMessage,
];

/** One message's table. `fields` is a function so that tables may refer to later ones. */
export interface AnyMessage {
  readonly name: string;
  readonly fields: () => readonly Field[];
}

export interface Message<T> extends AnyMessage {
  /** Never there: ties the table to its type. */
  readonly type?: (value: T) => T;
}

/** `both`: a stream each way; `answers`: one request, a stream of responses. */
export type MethodKind = 'unary' | 'answers' | 'both';

export interface Method<Kind extends MethodKind, Request, Response> {
  readonly path: string;
  readonly kind: Kind;
  readonly request: Message<Request>;
  readonly response: Message<Response>;
}

/**
 * A message about to be sent: what is left out is empty. 64-bit fields may be bigint, which is
 * exact; decoded ones are numbers, which above 2^53 are rounded (nanoseconds of a date: to 256).
 */
export type Draft<T> = T extends Uint8Array
  ? T
  : T extends number
    ? number | bigint
    : T extends readonly (infer Item)[]
      ? readonly Draft<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]?: Draft<T[Key]> | undefined }
        : T;
