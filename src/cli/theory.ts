/** `onsager theory`: the theory curves by name, at any parameters. */
import { InputError } from "../physics/input-error.js";
import { describeRange, evaluateTheory, theories, type Theory, theoryNames } from "../physics/theory/theories.js";
import { EXIT } from "./exit-codes.js";
import type { Session } from "./session.js";
import { labelled } from "./text-layout.js";

export interface TheoryCommandOptions {
  /** Words `key=value`. */
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** Prints every result of one theory that follows from the parameters, or the list of theories; returns the exit code. */
export function theoryCommand(name: string | undefined, options: TheoryCommandOptions, session: Session): number {
  if (name === undefined) {
    if (options.set !== undefined) {
      throw new InputError("--set", "parameters without a theory", `one of ${theoryNames.join(", ")}`);
    }
    session.print(options.json === true ? JSON.stringify({ theories: listOfTheories() }, null, 2) : manual());
    return EXIT.done;
  }
  const known = theoryNames.find((each) => each === name);
  if (known === undefined) throw new InputError("theory", name, `one of ${theoryNames.join(", ")}`);
  const { parameters, results, failures } = evaluateTheory(known, parseSettings(options.set ?? []));
  if (options.json === true) {
    // JSON has no infinities: they become null.
    session.print(JSON.stringify({ theory: known, parameters, ...results }, null, 2));
  } else {
    session.print(
      [
        labelled(known, theories[known].summary, 0, LABEL_WIDTH),
        ...Object.entries(parameters).map(([key, value]) => labelled(key, String(value), 2, LABEL_WIDTH)),
        ...Object.entries(results).map(([key, value]) => labelled(`→ ${key}`, formatted(value), 2, LABEL_WIDTH)),
        labelled("reference", theories[known].reference, 2, LABEL_WIDTH),
      ].join("\n"),
    );
  }
  for (const [key, reason] of Object.entries(failures)) session.note(`onsager: ${known}: no ${key}: ${reason}`);
  return Object.keys(failures).length === 0 ? EXIT.done : EXIT.notConverged;
}

const LABEL_WIDTH = 23;

function formatted(value: number): string {
  return String(value).replace("Infinity", "∞");
}

function parseSettings(words: readonly string[]): Record<string, number> {
  // Without a prototype, so that no key means anything but itself.
  const settings = Object.create(null) as Record<string, number>;
  for (const word of words) {
    const [, key, text] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (key === undefined) throw new InputError("--set", word, "key=value");
    if (Object.hasOwn(settings, key)) throw new InputError(`--set ${key}`, "two values", "one");
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value)) throw new InputError(`--set ${key}`, text === "" ? "nothing" : text, "a number");
    settings[key] = value;
  }
  return settings;
}

/** All there is to know about each theory but how it is computed. */
function listOfTheories() {
  return theoryNames.map((name) => {
    const theory: Theory = theories[name];
    return {
      name,
      summary: theory.summary,
      reference: theory.reference,
      parameters: theory.parameters.map(({ range, ...parameter }) => ({
        ...parameter,
        expected: describeRange(range),
      })),
      results: theory.results.map(({ name, description, formula, needs }) => ({ name, description, formula, needs })),
    };
  });
}

function manual(): string {
  const line = (label: string, text: string) => labelled(label, text, 2, LABEL_WIDTH);
  const parts = listOfTheories().map(({ name, summary, reference, parameters, results }) =>
    [
      labelled(name, summary, 0, LABEL_WIDTH),
      ...parameters.map((parameter) => {
        const preset = parameter.default === undefined ? "" : `; ${parameter.default} unless given`;
        return line(parameter.name, `${parameter.description}: ${parameter.expected}${preset}`);
      }),
      ...results.map((result) => line(`→ ${result.name}`, `${result.description}: ${result.formula}`)),
      line("reference", reference),
    ].join("\n"),
  );
  return parts.join("\n\n");
}
