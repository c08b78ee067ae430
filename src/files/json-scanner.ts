/** Where, and why, a text is not the JSON that we accept. `JSON.parse` says the first only sometimes. */

/** A problem at a character of the text. */
export interface JsonProblem {
  readonly position: number;
  /** What was found there, in words. */
  readonly found: string;
  /** What JSON would have there, in words. */
  readonly expected: string;
}

const WHITESPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/**
 * The first place where a text departs from JSON (RFC 8259) with unique keys in each object.
 *
 * @param text the whole document
 * @returns undefined if `JSON.parse` accepts the text and no key repeats
 */
export function findJsonProblem(text: string): JsonProblem | undefined {
  const cursor = new Cursor(text);
  try {
    cursor.value();
    cursor.end();
    return undefined;
  } catch (error) {
    if (error instanceof Departure) return error.problem;
    throw error;
  }
}

class Departure extends Error {
  constructor(readonly problem: JsonProblem) {
    super(problem.found);
  }
}

class Cursor {
  private position = 0;

  constructor(private readonly text: string) {}

  value(): void {
    this.take(WHITESPACE);
    const character = this.text[this.position];
    if (character === "{") this.members();
    else if (character === "[") this.elements();
    else if (!this.take(STRING) && !this.take(SCALAR)) this.fail("a value");
    this.take(WHITESPACE);
  }

  end(): void {
    if (this.position < this.text.length) this.fail("the end of the document");
  }

  private members(): void {
    const keys = new Set<string>();
    this.position++;
    this.take(WHITESPACE);
    if (this.punctuation("}")) return;
    do {
      this.take(WHITESPACE);
      const start = this.position;
      const token = this.take(STRING) ?? this.fail("a key in double quotes");
      const key = JSON.parse(token) as string;
      if (keys.has(key))
        throw new Departure({ position: start, found: `a second key "${key}"`, expected: "unique keys" });
      keys.add(key);
      this.take(WHITESPACE);
      if (!this.punctuation(":")) this.fail('":"');
      this.value();
    } while (this.punctuation(","));
    if (!this.punctuation("}")) this.fail('"," or "}"');
  }

  private elements(): void {
    this.position++;
    this.take(WHITESPACE);
    if (this.punctuation("]")) return;
    do this.value();
    while (this.punctuation(","));
    if (!this.punctuation("]")) this.fail('"," or "]"');
  }

  private punctuation(character: string): boolean {
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const token = pattern.exec(this.text)?.[0];
    this.position += token?.length ?? 0;
    return token;
  }

  private fail(expected: string): never {
    const rest = this.text.slice(this.position, this.position + 20).split(/[\r\n]/)[0];
    const found = this.position >= this.text.length ? "the end of the document" : rest === "" ? "a line end" : rest;
    throw new Departure({ position: this.position, found, expected });
  }
}
