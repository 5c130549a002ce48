import { formatReference, parseReference } from '../../../src/image/reference.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Names of images, as people and pods write them. */
export const target: FuzzTarget = {
  run(input) {
    const reference = parseReference(input.toString());
    const text = formatReference(reference);
    hold(formatReference(parseReference(text)) === text, 'what is written is read back');
    hold(!/[^\x21-\x7e]/.test(text), 'a name has printable characters alone');
    hold(!/(^|\/)\.{1,2}(\/|$)/.test(text), 'no step leads up');
  },
  seeds: [
    'busybox',
    'user/app:1',
    '[::1]:5000/team/app_x/y-z:v1.2',
    `localhost:5000/a@sha256:${'0'.repeat(64)}`,
    `docker.io/library/nginx:tag@sha512:${'f'.repeat(128)}`,
  ],
  words: ['@sha256:', ':5000/', '__', '..', '.localhost/', 'docker.io/library/', '[::1]'],
};
