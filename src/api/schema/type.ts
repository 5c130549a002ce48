/** How a value is written in JSON and on the wire, where it is no message. */
export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'bytes'
  /** `500m`, `1Gi`: text in JSON, a message with one text on the wire. */
  | 'quantity'
  | 'intOrString'
  /** RFC 3339, whole seconds; seconds and nanoseconds on the wire. */
  | 'time'
  | 'microTime'
  /** Any JSON. */
  | 'raw'
  /** The tree of fields that a manager owns. */
  | 'fields'
  /** A list of texts that is a message on the wire. */
  | 'strings';

export type Shape = 'single' | 'list' | 'map';

/** How lists of this field are merged: by server-side apply and by strategic merge patch. */
export interface ListRule {
  /** What server-side apply takes as one: the whole list, an entry by value, an entry by keys. */
  readonly apply: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  /** Strategic merge: entries are added, not the list replaced. */
  readonly merges: boolean;
  /** Which field names an entry for strategic merge; undefined for lists of plain values. */
  readonly mergeKey: string | undefined;
}

/** One field of a message. */
export interface Field {
  readonly name: string;
  readonly number: number;
  readonly shape: Shape;
  /** Undefined for messages. */
  readonly scalar: Scalar | undefined;
  /** Undefined for scalars. */
  readonly message: MessageType | undefined;
  /** Always there in answers, and asked for by validation. */
  readonly required: boolean;
  /** A scalar whose zero differs from its absence; of others the zero is not written in JSON. */
  readonly pointer: boolean;
  readonly list: ListRule;
  /** A map or message that server-side apply takes as one. */
  readonly atomic: boolean;
  /** Strategic merge keeps of this message only the keys that the patch names. */
  readonly retainsKeys: boolean;
  /** A message whose fields stand, in JSON, among those of its owner. */
  readonly inline: boolean;
}

/** A message type, as `core.v1.Pod`. */
export interface MessageType {
  readonly name: string;
  readonly fields: readonly Field[];
  /** By the name in JSON; fields of inline messages are among them. */
  readonly byName: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
  readonly atomic: boolean;
}
