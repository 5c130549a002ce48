/** A reason to skip, or false: for tests that need root. */
export const withoutRoot = process.getuid?.() === 0 ? false : 'needs root';
