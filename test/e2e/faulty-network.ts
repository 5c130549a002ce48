import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Verb = 'ADD' | 'DEL';
type Behaviour = 'fails' | 'hangs' | 'is slow';

/**
 * A pod network that is one shell script, which keeps a file for each attachment and fails as it is
 * told to: a network that is down, a plugin that never answers, one that takes until
 * it is healed.
 */
export class FaultyNetwork {
  readonly #folder: string;

  /** In a folder of the caller's, which is empty. */
  constructor(folder: string) {
    this.#folder = folder;
    for (const name of ['net.d', 'bin', 'leases', 'faults']) mkdirSync(join(folder, name));
    const plugin = { cniVersion: '1.0.0', name: 'faulty', plugins: [{ type: 'faulty' }] };
    writeFileSync(join(folder, 'net.d/1.conflist'), JSON.stringify(plugin));
    writeFileSync(join(folder, 'bin/faulty'), scriptIn(folder), { mode: 0o755 });
  }

  /** For the runtime that shall use it. */
  get environment(): Record<string, string> {
    return {
      KEELSON_CNI_CONFIG: join(this.#folder, 'net.d'),
      KEELSON_CNI_PLUGINS: join(this.#folder, 'bin'),
      KEELSON_CNI_CACHE: join(this.#folder, 'results'),
    };
  }

  /** From now on. */
  make(verb: Verb, behaviour: Behaviour): void {
    writeFileSync(join(this.#folder, 'faults', verb), behaviour);
  }

  heal(): void {
    for (const verb of ['ADD', 'DEL']) rmSync(join(this.#folder, 'faults', verb), { force: true });
  }

  leases(): string[] {
    return readdirSync(join(this.#folder, 'leases'));
  }

  /** `ADD ID` and `DEL ID`, in the order in which they began. */
  calls(): string[] {
    const file = join(this.#folder, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }
}

const scriptIn = (folder: string): string => `#!/bin/sh
cat >/dev/null
lease=${folder}/leases/$CNI_CONTAINERID
case $CNI_COMMAND in
  ADD|DEL) echo "$CNI_COMMAND $CNI_CONTAINERID" >>${folder}/calls ;;
esac
# An attachment that is given up may have been made.
[ $CNI_COMMAND != ADD ] || touch $lease
case $(cat ${folder}/faults/$CNI_COMMAND 2>/dev/null) in
  fails) echo '{"code":11,"msg":"network is down"}'; exit 1 ;;
  hangs) exec sleep 1000 ;;
  "is slow") while [ -e ${folder}/faults/$CNI_COMMAND ]; do sleep 0.05; done ;;
esac
case $CNI_COMMAND in
  ADD) echo '{"cniVersion":"1.0.0","ips":[{"address":"10.9.8.7/24"}]}' ;;
  DEL) rm -f $lease ;;
esac
`;
