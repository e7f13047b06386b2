import { allCommands, type CommandNode, type OptionNode, shellQuoted } from './completion-tree.js';

/** A bash script that defines `_rollproof` and registers it; needs nothing beside bash 4. */
export function bashCompletion(root: CommandNode): string {
  const nodes = allCommands(root);
  const steps = nodes
    .filter(({ path }) => path.length > 1)
    .map(({ path }) => `      ${shellQuoted(path.join(' '))}) path=${shellQuoted(path.join(' '))} ;;`);
  return `# bash completion of rollproof: source this file, or put it where bash-completion looks.
_rollproof() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=rollproof words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
${steps.join('\n')}
    esac
  done
  COMPREPLY=()
  case "$path $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$path" in
${nodes.map(wordCase).join('\n')}
  esac
  [[ $cur == -* || -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ $cur != -* && \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$cur"))
  return 0
}
complete -o filenames -F _rollproof rollproof
`;
}

/** After an option that takes a value: its choices, or files. */
function valueCases({ path, options }: CommandNode): string[] {
  const patterns = (option: OptionNode) => option.flags.map((f) => shellQuoted(`${path.join(' ')} ${f}`)).join('|');
  return options
    .filter(({ takesValue }) => takesValue)
    .map((option) => {
      const words = option.choices.length === 0 ? '-f' : `-W ${shellQuoted(option.choices.join(' '))}`;
      return `    ${patterns(option)}) COMPREPLY=($(compgen ${words} -- "$cur")); return 0 ;;`;
    });
}

/** Options where a dash was typed, else the commands below. */
function wordCase({ path, options, commands }: CommandNode): string {
  const flags = options.flatMap((o) => o.flags).join(' ');
  const names = commands.map((c) => c.path.at(-1)).join(' ');
  return `    ${shellQuoted(path.join(' '))}) if [[ $cur == -* ]]; then words=${shellQuoted(flags)}; else words=${shellQuoted(names)}; fi ;;`;
}
