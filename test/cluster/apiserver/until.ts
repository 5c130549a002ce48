/** Asks until the answer is so, for what the server does beside. */
export async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const seen = await look();
    if (isSo(seen) || attempt === 600) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
