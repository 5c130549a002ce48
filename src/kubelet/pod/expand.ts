/** `$(NAME)` becomes the variable's value, `$$` a dollar; what is not known stays as it stands. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? found;
  });
}
