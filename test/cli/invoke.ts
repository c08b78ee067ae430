/** Runs a command line inside this process and keeps what it says. */
import { runCli } from "../../src/cli/program.js";

export interface Invocation {
  readonly code: number;
  /** Standard output and standard error. */
  readonly out: string;
  readonly err: string;
}

export const invoke = (...words: string[]): Promise<Invocation> => invokeUntil(new AbortController().signal, ...words);

/** The same for a user who may want to stop. */
export async function invokeUntil(interruption: AbortSignal, ...words: string[]): Promise<Invocation> {
  let out = "";
  let err = "";
  const code = await runCli(words, {
    print: (text) => (out += `${text}\n`),
    note: (text) => (err += `${text}\n`),
    terminal: undefined,
    interruption,
    holdInterruption: () => () => undefined,
    program: "onsager",
  });
  return { code, out, err };
}

/** The one JSON object that a command printed; anything beside it is an error. */
export async function invokeJson<Shape>(...words: string[]): Promise<Invocation & { readonly json: Shape }> {
  const invocation = await invoke(...words, "--json");
  return { ...invocation, json: JSON.parse(invocation.out) as Shape };
}
