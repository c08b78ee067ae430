/** The case files: numbers computed elsewhere, in float64 or better, that the code has to hit. */
import { readFileSync } from "node:fs";

/**
 * One case file by its name under `cases`, without the extension: `readCase<...>("bal/01_bessel_ratio")`. The shape is the
 * caller's claim; a wrong one shows as undefined or NaN, which no tolerance accepts.
 */
export function readCase<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(new URL(`../../../cases/${name}.json`, import.meta.url), "utf8")) as Shape;
}
