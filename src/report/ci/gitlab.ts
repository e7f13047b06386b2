/** A collapsed section of GitLab's job log. `unixSeconds` is when it starts; the header is trusted text of ours. */
export function gitlabSectionStart(name: string, header: string, unixSeconds: number): string {
  return `\u001b[0Ksection_start:${unixSeconds}:${name}[collapsed=true]\r\u001b[0K${header}\n`;
}

/** The end of the section of that name. */
export function gitlabSectionEnd(name: string, unixSeconds: number): string {
  return `\u001b[0Ksection_end:${unixSeconds}:${name}\r\u001b[0K`;
}
