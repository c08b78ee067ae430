/** One clear line out of a failed schema: the key, what was found, what is expected. */
import { z } from "zod";
import { InputError } from "./input-error.js";

/**
 * Parses `value`, or throws one line about the first thing that is wrong.
 * @param context where the value stands, e.g. a file name; keys are appended
 * @throws InputError
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  context: string,
): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const { path, found, expected } = explain(mostSpecific(result.error.issues, value), value, schema);
  throw new InputError(path === "" ? context : `${context}: ${path}`, found, expected);
}

interface Located {
  readonly issue: z.core.$ZodIssue;
  readonly path: readonly PropertyKey[];
}

/** Of a union, the branch that got furthest: the one whose own complaint lies deepest. */
function mostSpecific(issues: readonly z.core.$ZodIssue[], value: unknown, base: readonly PropertyKey[] = []): Located {
  // A misspelled key is why another one is missing.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  const path = [...base, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return { issue, path };
  const branches = issue.errors
    .filter((branch) => branch.length > 0)
    .map((branch) => mostSpecific(branch, value, path));
  const deepest = branches.reduce((best, branch) =>
    rank(branch, path.length) > rank(best, path.length) ? branch : best,
  );
  return rank(deepest, path.length) > 0 ? deepest : { issue, path };
}

function rank({ issue, path }: Located, depth: number): number {
  if (path.length > depth) return 2 + path.length - depth;
  return issue.code === "invalid_type" ? 0 : 1;
}

function explain(
  { issue, path }: Located,
  value: unknown,
  schema: z.core.$ZodType,
): { path: string; found: string; expected: string } {
  const at = lookUp(value, path);
  const key = formatPath(path);
  switch (issue.code) {
    case "unrecognized_keys": {
      const allowed = keysAt(schema, value, path);
      return {
        path: formatPath([...path, issue.keys[0]]),
        found: "an unknown key",
        expected: allowed ? `one of ${allowed.join(", ")}` : "one of the documented keys",
      };
    }
    case "invalid_type":
      return { path: key, found: describe(at), expected: typeNames[issue.expected] ?? `${issue.expected}` };
    case "invalid_value":
      return { path: key, found: describe(at), expected: alternatives(issue.values) };
    case "too_small":
      return {
        path: key,
        found: describe(at),
        expected: `${issue.inclusive ? "at least" : "more than"} ${issue.minimum}`,
      };
    case "too_big":
      return {
        path: key,
        found: describe(at),
        expected: `${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`,
      };
    case "invalid_union": {
      const options = "discriminator" in issue && issue.discriminator ? unionOptions(issue) : undefined;
      if (options !== undefined) return { path: formatPath(path), found: describe(at), expected: options };
      const expected = "numbers, a path ending in .npy, or an object with a kind";
      return { path: key, found: describe(at), expected: issue.message === "Invalid input" ? expected : issue.message };
    }
    case "invalid_format":
      return { path: key, found: describe(at), expected: issue.message };
    default:
      return { path: key, found: describe(at), expected: issue.message };
  }
}

/** The keys that an object at `path` may have; of a union, those of the option that the object's `kind` names. */
function keysAt(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): string[] | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return keysAt(schema.unwrap(), value, path);
  if (schema instanceof z.ZodUnion) {
    const options = schema.options.map((option) => (fits(option, value) ? keysAt(option, value, path) : undefined));
    return options.find((keys) => keys !== undefined);
  }
  const [key, ...rest] = path;
  if (schema instanceof z.ZodArray && typeof key === "number")
    return keysAt(schema.element, lookUp(value, [key]), rest);
  if (!(schema instanceof z.ZodObject)) return undefined;
  if (key === undefined) return Object.keys(schema.shape);
  const next = (schema.shape as Record<PropertyKey, z.core.$ZodType | undefined>)[key];
  return next && keysAt(next, lookUp(value, [key]), rest);
}

/** False if the schema asks for another `kind` than the value has. */
function fits(schema: z.core.$ZodType, value: unknown): boolean {
  if (!(schema instanceof z.ZodObject)) return true;
  const kind = (schema.shape as Record<string, z.core.$ZodType | undefined>).kind;
  return !(kind instanceof z.ZodLiteral) || kind.values.has(lookUp(value, ["kind"]) as string);
}

const typeNames: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "a text",
  object: "an object",
  array: "a list",
  boolean: "true or false",
  record: "an object",
};

function unionOptions(issue: z.core.$ZodIssueInvalidUnion): string | undefined {
  const options = (issue as { options?: readonly unknown[] }).options;
  return options === undefined ? undefined : alternatives(options as readonly z.core.util.Primitive[]);
}

function alternatives(values: readonly z.core.util.Primitive[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.map((value) => String(value)).join(", ")}`;
}

function lookUp(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

/** A value as a short text for a message. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
