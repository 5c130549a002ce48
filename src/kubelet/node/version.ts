/** What the node says it runs; clients compare its first numbers with the server's. */
export const kubeletVersion = 'v1.33.0+keelson';
