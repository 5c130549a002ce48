/**
 * The library that writes certificates, and what it needs to be loaded. It takes tens of
 * milliseconds and twenty megabytes, so it is loaded when a certificate is written: at the first
 * start, at a renewal, for a node that joins.
 */
export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}
