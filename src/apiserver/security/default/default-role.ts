export interface DefaultRole {
  readonly rules: string;
  /** Its rules are those of all roles with this label: `aggregate-to-admin`. */
  readonly aggregates?: string;
  /** Labels by which it belongs to others. */
  readonly belongsTo?: string;
}
