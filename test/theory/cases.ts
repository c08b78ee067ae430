/** The published case files of exact numbers, read once per test file. */
import { readFileSync } from "node:fs";

/**
 * One case file under `test/cases`, without its extension.
 *
 * The shape is the caller's claim; a wrong claim shows up as NaN or undefined in the comparison.
 */
export function readCase<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(new URL(`../cases/${name}.json`, import.meta.url), "utf8")) as Shape;
}
