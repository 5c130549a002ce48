import type { WriteOptions } from './api.ts';
import { ownUser } from './security/user.ts';

/** How the server writes objects of its own accord. */
export const ownWrites: WriteOptions = {
  dryRun: false,
  user: ownUser('system:apiserver'),
  fieldManager: 'keelson',
  fieldValidation: 'Ignore',
  warn: () => undefined,
};
