/**
 * Loops that the host writes out, so that every index into a private array is a constant and the array lives in
 * registers. Drivers differ in what they unroll themselves: Mesa does where an array is indexed, SwiftShader does not.
 *
 *     // @unroll
 *     for (var row = 0u; row < ROWS / 2u; row++) { … }
 */
import { GpuError } from "./errors.js";

const MARK = /^[ \t]*\/\/ @unroll[ \t]*\n/m;
const LOOP = /^\s*for \(var (\w+) = (\d+)u; \1 < ([^;]+); \1\+\+\) \{/;

/** Writes out every loop marked `// @unroll`, inner ones last, with its counter as a literal in a block of its own. */
export function unrollLoops(source: string, path: string): string {
  let text = source;
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    const start = mark.index;
    const rest = text.slice(start + mark[0].length);
    const head = LOOP.exec(rest);
    if (head === null) throw new GpuError(`${path}: "// @unroll" stands before ${rest.split("\n")[0].trim()}`);
    const [opening, counter, from, bound] = head;
    const end = closingBrace(rest, opening.length, path);
    const body = rest.slice(opening.length, end);
    const name = new RegExp(`(?<!\\.)\\b${counter}\\b`, "g");
    const last = evaluate(bound, text, path);
    const copies: string[] = [];
    for (let value = Number(from); value < last; value++) copies.push(`{${body.replace(name, `${value}u`)}}`);
    text = text.slice(0, start) + copies.join("\n") + rest.slice(end + 1);
  }
  return text;
}

/** The index of the brace that closes the one before `from`. */
function closingBrace(text: string, from: number, path: string): number {
  let depth = 1;
  for (let index = from; index < text.length; index++) {
    if (text[index] === "{") depth++;
    if (text[index] === "}" && --depth === 0) return index;
  }
  throw new GpuError(`${path}: a loop marked "// @unroll" has no end`);
}

/** A product or quotient of unsigned literals and constants of the text, from left to right. */
function evaluate(expression: string, text: string, path: string): number {
  const [first, ...rest] = expression.trim().split(/\s*([*/])\s*/);
  let value = operand(first, text, path);
  for (let index = 0; index < rest.length; index += 2) {
    const right = operand(rest[index + 1], text, path);
    value = rest[index] === "*" ? value * right : Math.floor(value / right);
  }
  return value;
}

function operand(token: string, text: string, path: string): number {
  const literal = /^(\d+)u?$/.exec(token);
  if (literal !== null) return Number(literal[1]);
  const declared = new RegExp(`^[ \\t]*const ${token}: u32 = ([^;]+);`, "m").exec(text);
  if (declared === null) throw new GpuError(`${path}: the bound ${token} of an unrolled loop is no u32 constant`);
  return evaluate(declared[1], text, path);
}
