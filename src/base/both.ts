/**
 * What both come to. When one fails, that is thrown after the other has ended as well: what is then
 * undone stands still.
 */
export async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return await Promise.all([one, other]);
}
