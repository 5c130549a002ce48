/** `undo-here FOLDER`: undoes what the ledger has, in the namespaces of this process. */
import { undoChanges } from '../../../src/network/undo-changes.ts';

console.log(JSON.stringify(await undoChanges(process.argv[2] ?? '')));
