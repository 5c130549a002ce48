/** What an authorizer thinks. Without an opinion the next one is asked; at the end that is a no. */
export interface Decision {
  readonly allowed: boolean;
  /** For people: which binding allows it, what is missing. */
  readonly reason: string;
}
