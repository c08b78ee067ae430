/** A map that forgets what was used longest ago when it is full. */
export class BoundedCache<Value> {
  // A Map iterates in the order of insertion, and `get` inserts again: the first entry is the one unused for longest.
  private readonly entries = new Map<string, Value>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Value | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= this.capacity) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  deleteWhere(condition: (value: Value) => boolean): void {
    for (const [key, value] of this.entries) if (condition(value)) this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
