/** A folder of its own for the tests of one file. */
import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { writeNpy } from "../../src/files/npy.js";

export const folder = mkdtempSync(join(tmpdir(), "onsager-cli-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes a text and returns its path. */
export async function text(name: string, contents: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

/** Writes nested lists as a float64 .npy file. */
export async function npy(name: string, values: number[] | number[][]): Promise<string> {
  const path = join(folder, name);
  const rows = values.map((row) => (Array.isArray(row) ? row : [row]));
  const shape = Array.isArray(values[0]) ? [rows.length, rows[0].length] : [rows.length];
  await writeNpy(path, shape, rows.flat(), "<f8");
  return path;
}
