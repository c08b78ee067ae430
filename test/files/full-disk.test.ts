/** Places that cannot be written: one line that names the file, the file before it untouched, nothing half-written. */
import { spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { explainFailure } from "../../src/cli/exit-codes.js";
import { writeFileAtomically } from "../../src/files/atomic-file.js";
import { writeCsv } from "../../src/files/csv.js";
import { writeHdf5 } from "../../src/files/hdf5.js";
import { writeNpy } from "../../src/files/npy.js";
import { writeNpz } from "../../src/files/npz.js";
import { OutputError } from "../../src/files/output-error.js";
import { OutputFolder } from "../../src/files/output-folder.js";
import { writeParquet } from "../../src/files/parquet.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "full-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** 800 kB that do not compress. */
const values = Float64Array.from({ length: 100_000 }, (_, k) => Math.sin(k));
const columns = [{ name: "m", type: "double" as const, description: "", values }];
const arrays = [{ name: "m", shape: [values.length], values, description: "" }];

const WRITERS: Readonly<Record<string, (path: string) => Promise<void>>> = {
  csv: (path) => writeCsv(path, columns),
  parquet: (path) => writeParquet(path, columns),
  npy: (path) => writeNpy(path, [values.length], values, "<f8"),
  npz: (path) => writeNpz(path, arrays),
  h5: (path) => writeHdf5(path, arrays),
  json: (path) => writeFileAtomically(path, "x".repeat(200_000)),
};

async function failure(promise: Promise<unknown>): Promise<OutputError> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(OutputError);
  return error as OutputError;
}

const isRoot = process.getuid?.() === 0;

/** Why nothing can be mounted here, or undefined where a file system of 64 kB can. */
function whyNoMount(): string | undefined {
  if (process.platform !== "linux" || !isRoot) return "only root on Linux can mount";
  const probe = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"]);
  return probe.status === 0 ? undefined : "this machine lets nobody mount";
}

const noMount = whyNoMount();
const reason = noMount === undefined ? "" : ` (skipped: ${noMount})`;

function mount(at: string, options: string): void {
  expect(spawnSync("mount", ["-t", "tmpfs", "-o", options, "none", at]).status).toBe(0);
}

describe.skipIf(noMount !== undefined)(`file systems of our own${reason}`, () => {
  let place: string;
  beforeEach(async () => {
    place = join(folder, "place");
    await mkdir(place);
  });
  afterEach(() => {
    spawnSync("umount", [place]);
  });

  it.each(Object.keys(WRITERS))("a full disk, %s", async (extension) => {
    mount(place, "size=64k");
    const path = join(place, `results.${extension}`);
    await writeFile(path, "the one before");
    const error = await failure(WRITERS[extension](path));
    expect(error.message).toBe(`${path}: found a full disk, expected room for it (ENOSPC)`);
    expect(explainFailure(error)).toEqual({ code: 1, message: error.message });
    expect(await readdir(place)).toEqual([`results.${extension}`]);
    expect(await readFile(path, "utf8")).toBe("the one before");
  });

  it("a read-only file system", async () => {
    mount(place, "ro");
    const path = join(place, "results.csv");
    const error = await failure(writeCsv(path, columns));
    expect(error.message).toBe(`${path}: found a read-only file system, expected a place that can be written (EROFS)`);
    expect(explainFailure(error)).toEqual({ code: 2, message: error.message });
    const target = join(place, "out");
    expect((await failure(OutputFolder.create(target))).message).toMatch(/out: found a read-only file system/);
  });
});

describe.skipIf(process.platform !== "linux")("/dev/full (skipped where the system is not Linux)", () => {
  it("is a full disk", async () => {
    const path = join(folder, "results.csv");
    const writing = writeFileAtomically(path, async (write) => {
      await write(Buffer.from("half"));
      const full = await open("/dev/full", "w");
      try {
        await full.writeFile("more");
      } finally {
        await full.close();
      }
    });
    expect((await failure(writing)).message).toBe(`${path}: found a full disk, expected room for it (ENOSPC)`);
    expect(await readdir(folder)).toEqual([]);
  });
});

it.skipIf(process.platform === "win32")("no permission (skipped on Windows, which has other ones)", async () => {
  await mkdir(join(folder, "closed"), { mode: 0o555 });
  const path = join(folder, "closed", "results.csv");
  // Root may write anywhere: be nobody for a moment, who has to reach the folder.
  await chmod(folder, 0o755);
  if (isRoot) process.seteuid!(65534);
  try {
    const error = await failure(writeCsv(path, columns));
    expect(error.message).toBe(
      `${path}: found no permission to write there, expected a place that can be written (EACCES)`,
    );
    expect((await failure(OutputFolder.create(join(folder, "closed", "out")))).message).toMatch(/no permission/);
  } finally {
    if (isRoot) process.seteuid!(0);
  }
  expect(await readdir(join(folder, "closed"))).toEqual([]);
});

it("a file where a folder should be, and a folder where a file should be", async () => {
  await writeFile(join(folder, "file"), "");
  await mkdir(join(folder, "results.csv", "inside"), { recursive: true });
  expect((await failure(writeCsv(join(folder, "file", "results.csv"), columns))).message).toMatch(
    /found a file where its folder should be, expected a folder/,
  );
  expect((await failure(writeCsv(join(folder, "results.csv"), columns))).message).toMatch(
    /results\.csv: found a folder of that name, expected the name of a file/,
  );
  expect((await readdir(folder)).sort()).toEqual(["file", "results.csv"]);
});

it.skipIf(process.platform !== "linux")("a folder that no system makes (skipped where there is no /proc)", async () => {
  const { message } = await failure(writeCsv("/proc/onsager/results/results.csv", columns));
  expect(message).toMatch(/^\/proc\/.*: found a folder that is gone or cannot be made/);
});
