import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileAtomically } from "../../src/files/atomic-file.js";
import { OutputFolder } from "../../src/files/output-folder.js";
import { InputError } from "../../src/physics/input-error.js";

let parent: string;
let target: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "output-"));
  target = join(parent, "results");
});
afterEach(async () => {
  await rm(parent, { recursive: true });
});

describe("OutputFolder", () => {
  it("shows nothing under its own name before commit, and everything after", async () => {
    const output = await OutputFolder.create(target);
    await output.write("table.csv", "beta,m\n");
    await output.write("figures/m.svg", "<svg/>");
    expect(await readdir(parent)).toEqual([expect.stringMatching(/^results\.partial-\d+-0$/)]);
    await output.commit({ seed: 7 });
    expect(await readdir(parent)).toEqual(["results"]);
    expect((await readdir(target)).sort()).toEqual(["figures", "manifest.json", "table.csv"]);
    expect(JSON.parse(await readFile(join(target, "manifest.json"), "utf8"))).toEqual({ seed: 7, program: "onsager" });
    await output.abandon();
    expect(await readdir(parent)).toEqual(["results"]);
  });

  it("leaves no trace when abandoned", async () => {
    const output = await OutputFolder.create(target);
    await output.write("table.csv", "beta,m\n");
    await output.abandon();
    expect(await readdir(parent)).toEqual([]);
    await expect(output.write("late.csv", "")).rejects.toThrow(/already/);
  });

  it("replaces its own results only when told to", async () => {
    const first = await OutputFolder.create(target);
    await first.write("old.csv", "1");
    await first.commit({});
    await expect(OutputFolder.create(target)).rejects.toThrow(/results of an earlier run/);
    const second = await OutputFolder.create(target, { replace: true });
    await second.write("new.csv", "2");
    expect(await readdir(target)).toContain("old.csv");
    await second.commit({});
    expect((await readdir(target)).sort()).toEqual(["manifest.json", "new.csv"]);
    expect(await readdir(parent)).toEqual(["results"]);
  });

  it("never touches a folder or a file of someone else", async () => {
    await mkdir(target);
    await writeFile(join(target, "manifest.json"), JSON.stringify({ program: "other" }));
    await expect(OutputFolder.create(target, { replace: true })).rejects.toThrow(InputError);
    await expect(OutputFolder.create(join(target, "manifest.json"))).rejects.toThrow(/found a file/);
    expect(await readdir(target)).toEqual(["manifest.json"]);
  });

  it("accepts an empty folder, and notices one that fills up meanwhile", async () => {
    await mkdir(target);
    const [one, two] = [await OutputFolder.create(target), await OutputFolder.create(target)];
    await one.commit({});
    await expect(two.commit({})).rejects.toThrow(InputError);
    await two.abandon();
    expect(await readdir(parent)).toEqual(["results"]);
  });

  it("keeps its files inside", async () => {
    const output = await OutputFolder.create(target);
    await expect(output.write("../outside", "")).rejects.toThrow(/leaves/);
    await expect(output.write("/outside", "")).rejects.toThrow(/leaves/);
    await output.write("..name", "");
    await output.abandon();
  });
});

describe("writeFileAtomically", () => {
  it("keeps the old file when writing fails", async () => {
    const path = join(parent, "file.txt");
    await writeFileAtomically(path, "old");
    const failure = writeFileAtomically(path, async (write) => {
      await write(Buffer.from("half"));
      throw new Error("disk full");
    });
    await expect(failure).rejects.toThrow("disk full");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(parent)).toEqual(["file.txt"]);
  });
});
