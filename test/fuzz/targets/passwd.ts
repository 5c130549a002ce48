import { resolveUser } from '../../../src/container/user.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** The first line is the user that is asked for; then /etc/passwd, an empty line, /etc/group. */
export const target: FuzzTarget = {
  run(input) {
    const text = input.toString('latin1');
    const end = text.indexOf('\n');
    const asked = end < 0 ? text : text.slice(0, end);
    const [passwd = '', group = ''] = end < 0 ? [] : text.slice(end + 1).split('\n\n');
    const files: Record<string, string> = { 'etc/passwd': passwd, 'etc/group': group };
    const { uid, gid, additionalGids = [] } = resolveUser((path) => files[path], asked);
    for (const id of [uid, gid, ...additionalGids]) {
      hold(Number.isInteger(id) && id >= 0 && id < 0xffffffff, 'an id has 32 bits and is not -1');
    }
    hold(!additionalGids.includes(gid), 'each group is named once');
    const isZero = uid !== 0 || /^0*(:|$)/.test(asked) || zeroAccount(passwd, asked);
    hold(isZero, 'nobody is root who was not asked for as root');
  },
  seeds: [
    'worker\nroot:x:0:0:root:/root:/bin/sh\nworker:x:1000:1001::/:/bin/sh\n\nextra:x:5:worker\n',
    '1000:extra\nworker:x:1000:1001::/:/bin/sh\n\nextra:x:5:\n#c\n+::::\n',
    ':\n\n\n',
    '4294967295\nx:x:4294967296:-1:\n\ng:x:99999999999:x\n',
  ],
  words: [':x:0:0:', '4294967295', '4294967296', 'root', '\n\n', ':::', '#', '1e3', '0x10'],
};

/** An account of that name that has the number 0. */
function zeroAccount(passwd: string, asked: string): boolean {
  const [name = ''] = asked.split(':');
  return passwd.split('\n').some((line) => {
    const [account, , uid = ''] = line.split(':');
    return account === name && /^0{1,10}$/.test(uid);
  });
}
