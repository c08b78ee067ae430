/** The library as others use it: imported by name from the built files, and bundled for a browser. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;

describe("the built package", () => {
  beforeAll(async () => {
    await run("npm", ["run", "build", "--silent"], { cwd: root, shell: process.platform === "win32" });
  });

  test("is imported by its name, and runs", async () => {
    const script = `
      import { batchOf, openExecutor, parseSystem, realise, simulate } from "onsager";
      const executor = await openExecutor({ select: "cpu" });
      const description = parseSystem({ spins: { kind: "binary", count: 10 }, beta: 2, couplings: { kind: "curie-weiss" },
        initial: { kind: "constant", value: 1 } }, "system");
      const system = await realise(description, () => { throw new Error("no files"); }, "system");
      const [[result]] = await simulate(executor, batchOf(system), { closure: "naive", run: { steady: {} }, observe: ["magnetization"] });
      console.log(JSON.stringify(result));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], { cwd: root });
    // Curie-Weiss at T = 0.5 (cases/kinetic/curie-weiss.json).
    expect(JSON.parse(stdout)).toMatchObject({ status: "converged" });
    expect((JSON.parse(stdout) as { observables: { magnetization: number } }).observables.magnetization).toBeCloseTo(
      0.9575040241,
      9,
    );
  });

  test("holds the shaders, and no test or source file", async () => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      shell: process.platform === "win32",
    });
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toContain("shaders/softmax.wgsl");
    expect(paths).toContain("shaders/lib/philox.wgsl");
    expect(paths).toContain("dist/index.d.ts");
    expect(paths.filter((path) => path.startsWith("test/") || path.startsWith("src/"))).toEqual([]);
  });
});

test("a browser bundle carries every shader, and asks Node for nothing up front", async () => {
  const outDir = await mkdtemp(join(tmpdir(), "onsager-bundle-"));
  await build({
    root,
    logLevel: "silent",
    configFile: false,
    build: {
      outDir,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      minify: false,
      lib: { entry: join(root, "src/index.ts"), formats: ["es"], fileName: "onsager" },
      rollupOptions: { external: [/^node:/, "webgpu"] },
    },
  });
  const files = await readdir(outDir, { recursive: true });
  const code = (
    await Promise.all(files.filter((file) => file.endsWith(".js")).map((file) => readFile(join(outDir, file), "utf8")))
  ).join("\n");
  const shaders = (await readdir(join(root, "shaders"), { recursive: true })).filter((file) => file.endsWith(".wgsl"));
  for (const shader of shaders) {
    const text = await readFile(join(root, "shaders", shader), "utf8");
    // Inlined as a data URL or emitted beside the code, as the bundler likes.
    const inlined =
      code.includes(Buffer.from(text).toString("base64")) || code.includes(encodeURIComponent(text).slice(0, 80));
    const emitted = files.some(
      (file) => file.endsWith(".wgsl") && file.includes(shader.split("/").at(-1)!.replace(".wgsl", "")),
    );
    expect(inlined || emitted, shader).toBe(true);
  }
  const entry = await readFile(
    join(
      outDir,
      files.find((file) => file.startsWith("onsager"))!,
    ),
    "utf8",
  );
  expect(entry).not.toMatch(/^import .* from "node:/m);
});
