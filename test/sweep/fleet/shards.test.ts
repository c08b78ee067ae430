/** Parts of a sweep for a Slurm array: the script is run here as Slurm would. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { writeNpy } from "../../../src/files/npy.js";
import { invoke } from "../../cli/invoke.js";
import { folder, refined, specification, sweep, table, writeSpecification } from "./specification.js";

const program = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const plain = specification(2);

test("the parts are the whole", async () => {
  // An array beside the specification's folder, and a folder whose name needs quotes.
  mkdirSync(join(folder, "specs"));
  await writeNpy(
    join(folder, "field.npy"),
    [12],
    Array.from({ length: 12 }, (_, k) => 0.1 * (k - 6)),
    "<f8",
  );
  const system = { ...plain.system, field: "../field.npy" };
  const spec = writeSpecification(folder, "specs/it's.json", { ...plain, system });
  const out = join(folder, "the parts");
  const { code, out: said } = await invoke("shard", spec, "--count", "3", "--out", out, "--blocks", "20");
  expect(code).toBe(0);
  expect(said).toContain(`sbatch ${out}/array.sh`);
  expect(said).toContain(`onsager merge ${out}/shard-* --out ${out}/merged`);
  expect(readdirSync(join(out, "specification"))).toEqual(["field.npy", "specs"]);
  const script = join(out, "array.sh");
  expect(spawnSync("bash", ["-n", script]).status).toBe(0);
  const text = readFileSync(script, "utf8");
  expect(text).toContain("#SBATCH --array=0-2\n");
  expect(text).toContain("#SBATCH --job-name=onsager-it-s\n");

  const tools = join(folder, "bin");
  mkdirSync(tools);
  writeFileSync(join(tools, "onsager"), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(join(tools, "onsager"), 0o755);
  const env = { ...process.env, PATH: `${tools}${delimiter}${process.env.PATH}`, ONSAGER_DEVICE: "cpu" };
  const parts = ["0", "1", "2"];
  for (const part of parts) {
    const run = spawnSync("bash", [script], { env: { ...env, SLURM_ARRAY_TASK_ID: part }, encoding: "utf8" });
    expect(run, run.stderr).toMatchObject({ status: 0, stderr: "" });
  }
  const merged = join(out, "merged");
  const folders = parts.map((part) => join(out, `shard-${part}`));
  expect(await invoke("merge", ...folders, "--out", merged)).toMatchObject({ code: 0, err: "" });
  const whole = join(folder, "whole");
  expect(await sweep(spec, whole, "--blocks", "20")).toMatchObject({ code: 0, err: "" });
  for (const name of ["results.csv", "summary.csv"]) expect(table(merged, name)).toBe(table(whole, name));
});

test("what cannot be parted is refused in one line", async () => {
  const spec = writeSpecification(folder, "plain.json", plain);
  const unknown = writeSpecification(folder, "refined.json", refined(1));
  const out = join(folder, "refused");
  const shard = (...words: string[]) => invoke("shard", ...words, "--out", out);
  expect(await shard(unknown, "--count", "2")).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /^onsager: .*refine: found it in fleet, .*without it, or --queue or --workers.*\n$/,
    ) as string,
  });
  expect(await shard(spec, "--count", "1000")).toMatchObject({
    code: 2,
    err: "onsager: --count: found 1000 parts of fleet, expected at most 52, as many as blocks\n",
  });
  writeFileSync(join(folder, "occupied"), "");
  expect(await invoke("shard", spec, "--count", "2", "--out", folder)).toMatchObject({ code: 2 });
});
