import { Transform } from 'node:stream';
import { DomainError } from '../../base/error.ts';

/** Passes a body on up to so many bytes; a longer one ends it with DomainError `invalid`. */
export function boundedBody(maximumBytes: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed <= maximumBytes) done(null, chunk);
      else done(new DomainError('invalid', `A body is longer than ${maximumBytes} bytes`));
    },
  });
}
