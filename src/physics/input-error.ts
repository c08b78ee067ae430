/**
 * Something a person supplied (a file, a specification, an option, an array) is not usable.
 *
 * The message is one line, `where: found X, expected Y`, and is meant to be shown without a stack trace. Mistakes of the
 * program itself are plain `Error`s.
 */
export class InputError extends Error {
  /** The place the value came from: a path, `path:line:column`, or the name of an option. */
  readonly where: string;
  /** What was there, in words. */
  readonly found: string;
  /** What would have been accepted, in words. */
  readonly expected: string;

  constructor(where: string, found: string, expected: string) {
    super(`${where}: found ${found}, expected ${expected}`.replace(/\s*\n\s*/g, " "));
    this.name = "InputError";
    this.where = where;
    this.found = found;
    this.expected = expected;
  }
}
