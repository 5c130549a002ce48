/** Bounds of what CustomResourceDefinitions may say, and of the work that it may make. */
export const schemaLimits = {
  /** Definitions of a cluster. */
  definitions: 2000,
  /** Levels of a schema, and its parts. */
  depth: 64,
  parts: 20_000,
  /** A regular expression: its letters, and the steps that it is taken apart to. */
  patternLength: 10_000,
  /** The work that looking for one in a text may take. */
  patternSteps: 5_000_000,
  /** Values that are held against schemas for one object. */
  values: 500_000,
  /** Faults of an object that are told. */
  faults: 100,
} as const;
