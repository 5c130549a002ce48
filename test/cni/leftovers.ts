/** All that a call can leave in two namespaces and in folders, as lines that can be compared. */
import { execFileSync } from 'node:child_process';

/** Few processes, for this is run hundreds of times; and no `ip -n`, which mounts each time. */
const look = `
ask='link show\naddress show scope global\nrule show\nroute show table all\n'
printf "$ask" | ip -o -4 -batch -
printf "$ask" | ip -o -6 -batch -
tc qdisc show
nft list ruleset
`;

/** Of the namespace that this runs in, and of the pod's. */
export function leftovers(pod: string, folders: readonly string[]): string[] {
  const script = `${look}
    echo "== pod"
    nsenter --net=/run/netns/${pod} sh -c "$LOOK"
    echo "== files"
    find "$@" -type f ! -path '*/.keelson/*' ! -name lock ! -name 'last_reserved_ip*' 2>/dev/null
    true`;
  const text = execFileSync('sh', ['-c', script, 'sh', ...folders], {
    encoding: 'utf8',
    env: { ...process.env, LOOK: look },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Rules of nftables keep their places when elements come and go.
  return text.trim().split('\n').flatMap(stable).toSorted();
}

/** Link-local addresses, and what comes and goes by itself. */
const passing = /fe80|ff00::|qdisc noqueue/;

function stable(line: string): readonly string[] {
  if (passing.test(line)) return [];
  const link = /^\d+: ([^:@ ]+)[@:]/.exec(line);
  if (link !== null) return [`link ${link[1]}`];
  const address = /^\d+: (\S+) +inet6? (\S+)/.exec(line);
  if (address !== null) return [`address ${address[1]} ${address[2]}`];
  return [line.replaceAll(/ (linkdown|dead|pref medium|refcnt \d+|expires \S+)/g, '').trimEnd()];
}

/** Lines that are in one alone, with a sign as diff has it. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
  return [...gone, ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`)];
}
