/** Documents that people write by hand: YAML 1.2 or JSON, read strictly. */
import { extname } from "node:path";
import { parseDocument } from "yaml";
import { InputError } from "../physics/input-error.js";
import { readInputText } from "./input-file.js";
import { findJsonProblem } from "./json-scanner.js";

/**
 * Read a YAML or JSON document. `.json` files are JSON, `.yaml` and `.yml` files are YAML, others are told apart by
 * their first character.
 *
 * @param path the file
 * @returns plain data; the caller validates it
 * @throws InputError naming `path:line:column` for wrong syntax, duplicate keys, unknown tags or an empty document
 */
export async function readDocument(path: string): Promise<unknown> {
  const text = await readInputText(path, "a YAML or JSON document");
  const extension = extname(path).toLowerCase();
  const isYaml = extension === ".yaml" || extension === ".yml";
  const isJson = extension === ".json" || (!isYaml && /^\s*[{[]/.test(text));
  return isJson ? parseJson(path, text) : parseYaml(path, text);
}

function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, strict: true, prettyErrors: true });
  const problem = [...document.errors, ...document.warnings].at(0);
  if (problem) {
    const start = problem.linePos?.[0];
    const where = start ? `${path}:${start.line}:${start.col}` : path;
    const message = problem.message.split(/ at line \d+/)[0];
    throw new InputError(where, `a syntax error (${message.trim().replace(/[.:]$/, "")})`, "a YAML document");
  }
  if (document.contents === null) throw new InputError(path, "an empty document", "a YAML document");
  return document.toJS();
}

function parseJson(path: string, text: string): unknown {
  const problem = findJsonProblem(text);
  if (problem) throw new InputError(locate(path, text, problem.position), problem.found, problem.expected);
  return JSON.parse(text);
}

function locate(path: string, text: string, position: number): string {
  const before = text.slice(0, position).split("\n");
  return `${path}:${before.length}:${before[before.length - 1].length + 1}`;
}
