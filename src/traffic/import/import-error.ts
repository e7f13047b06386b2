/** A file that cannot be judged, with the line that says so; the command turns it into an error for a person. */
export class ImportError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.name = 'ImportError';
    this.line = line;
  }
}
