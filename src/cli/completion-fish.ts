import { allCommands, type CommandNode, type OptionNode } from './completion-tree.js';

/** A fish script: ~/.config/fish/completions/rollproof.fish. */
export function fishCompletion(root: CommandNode): string {
  const nodes = allCommands(root);
  const paths = nodes.filter(({ path }) => path.length > 1).map(({ path }) => path.join(' '));
  return `# fish completion of rollproof: save as ~/.config/fish/completions/rollproof.fish.
function __rollproof_path
    set -l path rollproof
    for word in (commandline -opc)[2..]
        if contains -- "$path $word" ${paths.map(fishQuoted).join(' ')}
            set path "$path $word"
        end
    end
    echo $path
end
${nodes.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, commands, options }: CommandNode): string[] {
  const here = `complete -c rollproof -n ${fishQuoted(`test (__rollproof_path) = "${path.join(' ')}"`)}`;
  return [
    ...commands.map((c) => `${here} -f -a ${c.path.at(-1)} -d ${fishQuoted(c.description)}`),
    ...options.map((option) => `${here}${optionWords(option)} -d ${fishQuoted(option.description)}`),
  ];
}

function optionWords({ flags, takesValue, choices }: OptionNode): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`)).join('');
  if (!takesValue) return names;
  return choices.length === 0 ? `${names} -r` : `${names} -x -a ${fishQuoted(choices.join(' '))}`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
