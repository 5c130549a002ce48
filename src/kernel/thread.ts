import { addon } from './addon.ts';

/** The calling thread's id, gettid(2): the TID in /proc/self/task/TID. */
export function threadId(): number {
  return addon.threadId();
}
