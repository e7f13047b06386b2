import { allCommands, type CommandNode, type OptionNode, shellQuoted } from './completion-tree.js';

/** A zsh script: as `_rollproof` in a folder of fpath, or sourced after compinit. */
export function zshCompletion(root: CommandNode): string {
  const functions = allCommands(root).map(functionOf).join('\n');
  return `#compdef rollproof
# zsh completion of rollproof: save as _rollproof in a folder of your fpath, or source it after compinit.
${functions}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _rollproof "$@"
else
  compdef _rollproof rollproof
fi
`;
}

function functionOf(node: CommandNode): string {
  const { path, commands, options } = node;
  const name = `_${path.join('_').replace(/[^A-Za-z0-9]/g, '_')}`;
  const specs = options.flatMap(optionSpecs).map((spec) => `    ${shellQuoted(spec)} \\`);
  if (commands.length === 0) return `${name}() {\n  _arguments \\\n${specs.join('\n')}\n    '*:file:_files'\n}`;
  const words = commands.map((c) => `    ${shellQuoted(`${c.path.at(-1)}:${c.description.replaceAll(':', '\\:')}`)}`);
  const cases = commands.map((c) => {
    const word = c.path.at(-1) ?? '';
    return `      ${word}) ${name}_${word.replace(/[^A-Za-z0-9]/g, '_')} ;;`;
  });
  return `${name}() {
  local state line
  _arguments -C \\
${specs.join('\n')}
    '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      local -a commands=(
${words.join('\n')}
      )
      _describe command commands ;;
    argument) case $line[1] in
${cases.join('\n')}
    esac ;;
  esac
}`;
}

/** `(-o --out)--out[words]:value:_files`, one per flag; one that may be given again is not known here, so all may. */
function optionSpecs({ flags, description, takesValue, choices }: OptionNode): string[] {
  const words = description.replace(/[[\]\\:]/g, '\\$&');
  const values = choices.length === 0 ? '_files' : `(${choices.join(' ')})`;
  return flags.map((flag) => `*${flag}[${words}]${takesValue ? `:value:${values}` : ''}`);
}
