export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly { readonly flag: string; readonly description: string }[];
  /** Words that may follow, such as `df` and `prune`. */
  readonly words: readonly string[];
  /** What the first argument is: container, image, or something that cannot be listed. */
  readonly argument: string;
}

type Shell = 'bash' | 'zsh' | 'fish';

/** A script for the shell's start-up file: `source <(keelson completion bash)`. */
export function completionScript(shell: Shell, commands: readonly CompletionCommand[]): string {
  if (shell === 'fish') return fishScript(commands);
  const script = bashScript(commands);
  // zsh runs the bash script by its own emulation, which knows `complete` and `compgen`.
  return shell === 'bash' ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

/** No variable is called `words`: zsh keeps what is being completed there. */
function bashScript(commands: readonly CompletionCommand[]): string {
  const cases = commands.map(
    ({ name, flags, words, argument }) =>
      `        ${name}) flags='${flags.map(({ flag }) => flag).join(' ')}' ` +
      `offered="${[...words, ...listing(argument)].join(' ')}" ;;`,
  );
  return `# keelson completion; load it with: source <(keelson completion bash)
_keelson() {
    local current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} flags='' offered=''
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$current"))
        return
    fi
    case $command in
${cases.join('\n')}
    esac
    case $current in
        -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
        *) COMPREPLY=($(compgen -o default -W "$offered" -- "$current")) ;;
    esac
}
complete -F _keelson keelson
`;
}

/** Names come from the runtime when the key is pressed; nothing is said when it is not there. */
function listing(argument: string): string[] {
  if (argument === 'container') return ["$(keelson ps -a --format '{{.Names}}' 2>/dev/null)"];
  if (argument === 'image') {
    return ["$(keelson images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null)"];
  }
  return [];
}

function fishScript(commands: readonly CompletionCommand[]): string {
  const lines = commands.flatMap(({ name, summary, flags, words, argument }) => {
    const inside = `complete -c keelson -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c keelson -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...flags.map(({ flag, description }) => {
        const kind = flag.startsWith('--') ? '-l' : '-s';
        return `${inside} ${kind} ${flag.replace(/^-+/, '')} -d ${quote(description)}`;
      }),
      ...words.map((word) => `${inside} -a ${word}`),
      ...listing(argument).map((list) => `${inside} -a "${list.replace('$(', '(')}"`),
    ];
  });
  const use = '# keelson completion; load it with: keelson completion fish | source';
  return `${use}\n${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
