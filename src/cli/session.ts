/** What a command may touch of the process it runs in. Tests give it streams of their own. */

export interface Session {
  /** What a shell calls the program by, for commands that are to be typed. */
  readonly program: string;
  /** Results: one text on standard output, with a line end behind it. */
  readonly print: (text: string) => void;
  /** Everything else, on standard error. */
  readonly note: (text: string) => void;
  /** Standard error where it is a terminal, for progress bars. */
  readonly terminal: NodeJS.WriteStream | undefined;
  /** Aborted with an `Interrupted` when the user wants to stop. */
  readonly interruption: AbortSignal;
  /**
   * From now on, until the returned function is called, the command ends by itself when it is interrupted, however long that
   * takes; only a second interruption ends the process at once.
   */
  readonly holdInterruption: () => () => void;
}

/** Thrown at the next sign of progress after Ctrl-C, so that everything on the way out is cleaned up. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(
    readonly exitCode: number,
    /** Whether the user has been told already. */
    readonly told = false,
  ) {
    super("interrupted");
  }
}
