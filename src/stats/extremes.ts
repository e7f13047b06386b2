/** Keeps the `size` least values of a series; what comes nearly in order costs next to nothing. */
export class Least {
  private readonly values: Float64Array;
  private kept = 0;
  /** How many values there were altogether. */
  count = 0;

  constructor(size: number) {
    this.values = new Float64Array(Math.max(0, size));
  }

  add(value: number): void {
    this.count++;
    const { values } = this;
    const isFull = this.kept === values.length;
    if (isFull && !(value < values[this.kept - 1]!)) return;
    let at = isFull ? this.kept - 1 : this.kept++;
    while (at > 0 && values[at - 1]! > value) {
      values[at] = values[at - 1]!;
      at--;
    }
    values[at] = value;
  }

  /** The greatest of those kept, when there were as many as asked for; null otherwise. */
  get last(): number | null {
    return this.kept === this.values.length ? (this.values[this.kept - 1] ?? null) : null;
  }
}
