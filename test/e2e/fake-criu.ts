import { chmodSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * A program in criu's place, which looks at what it is given and writes images without content: for
 * what the runtime makes of each of criu's outcomes, on kernels that criu itself cannot work on.
 */
export class FakeCriu {
  readonly path: string;
  readonly #folder: string;

  /** The folder stays the caller's. */
  constructor(folder: string) {
    this.#folder = folder;
    this.path = `${folder}/criu`;
    writeFileSync(this.path, script.replaceAll('@', folder));
    chmodSync(this.path, 0o755);
    this.will('work');
  }

  /** hang: until `finish`. */
  will(mode: 'work' | 'fail' | 'hang' | 'refuse'): void {
    writeFileSync(`${this.#folder}/mode`, mode);
  }

  /** Lets those that hang come to their end. */
  finish(): void {
    writeFileSync(`${this.#folder}/mode`, 'work');
  }

  /** A line for each of its runs: its process, and the words it was given. */
  get runs(): readonly string[] {
    try {
      return readFileSync(`${this.#folder}/runs`, 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }
}

const script = `#!/bin/sh
mode=$(cat @/mode)
case $1 in
--version) echo "Version: 4.1.1"; exit 0 ;;
check)
  [ "$mode" = refuse ] || exit 0
  echo "Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds" >&2
  exit 1 ;;
esac
all=$*
for word; do
  case $word in
  --images-dir=*) images=\${word#*=} ;;
  --work-dir=*) work=\${word#*=} ;;
  --freeze-cgroup=*) cgroup=\${word#*=} ;;
  --pidfile=*) pid=\${word#*=} ;;
  --root=*) root=\${word#*=} ;;
  --external=mnt*) sources="$sources \${word#*]:}" ;;
  esac
done
if [ "$1" = restore ]; then
  echo "$$ $all" >> @/runs
  for path in "$root/bin/busybox" "$images/pages-1.img" $sources; do
    [ -e "$path" ] && continue
    echo "(00.1) Error (criu/mount.c:1): no $path" > "$work/restore.log"
    exit 1
  done
  if [ "$mode" = fail ]; then
    echo '(00.1) Error (criu/cr-restore.c:2): Pid 7 is taken' > "$work/restore.log"
    exit 1
  fi
  setsid sh -c 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done' &
  echo $! > "$pid"
  exit 0
fi
if ! grep -q 'frozen 1' "$cgroup/cgroup.events"; then
  echo '(00.1) Error (criu/seize.c:1): the cgroup is not frozen' > "$work/dump.log"
  exit 1
fi
echo "$$ $all" >> @/runs
if [ "$mode" = fail ]; then
  echo '(00.1) Error (criu/sk-inet.c:191): inet: Connected TCP socket' > "$work/dump.log"
  echo '(00.2) Error (criu/cr-dump.c:2111): Dumping FAILED.' >> "$work/dump.log"
  exit 1
fi
while [ "$(cat @/mode)" = hang ]; do sleep 0.05; done
echo image > "$images/pages-1.img"
echo 1 > "$cgroup/cgroup.freeze"
`;
