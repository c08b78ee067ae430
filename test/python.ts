/**
 * Python with numpy, pandas and h5py, to read our files as their users do.
 *
 * `ONSAGER_PYTHON` names an interpreter that has them: with it a missing module is a failure. Without it `python3` serves,
 * and tests of a module that it lacks are skipped under a title that says so.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { describe } from "vitest";

const named = process.env.ONSAGER_PYTHON;
const python = named ?? "python3";

/** A group of tests in which a Python module reads what we wrote. */
export function describeWithPython(module: string, tests: () => void): void {
  if (named || spawnSync(python, ["-c", `import ${module}`]).status === 0) describe(`${module} itself`, tests);
  else
    describe.skip(`${module} itself (skipped: ${python} has no ${module}; ONSAGER_PYTHON names one that has)`, tests);
}

/** @returns what the script printed; its arguments are `sys.argv[1:]` */
export function runPython(script: string, ...words: string[]): string {
  return execFileSync(python, ["-c", script, ...words], { encoding: "utf8" });
}
