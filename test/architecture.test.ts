/** Holds the tree to ARCHITECTURE.md: who may import whom, no cycles, no long files, no vague names, no way out of here. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The folders of src that each folder may import, beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  cli: ["sweep", "verify", "engine", "reference", "kernels", "gpu", "physics", "files"],
  sweep: ["verify", "engine", "reference", "kernels", "physics", "files"],
  verify: ["engine", "reference", "kernels", "physics", "files"],
  engine: ["reference", "kernels", "gpu", "physics"],
  reference: ["physics"],
  kernels: [],
  gpu: [],
  physics: [],
  files: ["physics"],
};

const LONGEST_FILE = 400;

function filesBelow(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const read = (file: string) => readFileSync(join(root, file), "utf8");

const sources = filesBelow("src").filter((file) => file.endsWith(".ts"));

/** What each source imports, in the words of its text: with itself, or on the way; with types, or where it is loaded. */
const specifiers = new Map(
  sources.map((file) => {
    const text = read(file);
    const { staticImports, staticExports } = parseSync(file, text).module;
    const exports = staticExports.flatMap(({ entries }) => entries);
    return [
      file,
      {
        atStart: [
          ...staticImports
            .filter(({ entries }) => entries.length === 0 || entries.some(({ isType }) => !isType))
            .map(({ moduleRequest }) => moduleRequest.value),
          ...exports.flatMap(({ isType, moduleRequest }) => (isType || !moduleRequest ? [] : [moduleRequest.value])),
        ],
        all: [
          ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
          ...exports.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
          ...[...text.matchAll(/\bimport\("([^"]+)"\)/g)].map(([, specifier]) => specifier),
        ],
      },
    ];
  }),
);

/** The files of this project that each source imports, statically or not, types included. */
const imports = new Map(
  [...specifiers].map(([file, { all }]) => {
    const own = new Set(all.filter((specifier) => specifier.startsWith(".")));
    return [file, [...own].map((specifier) => sourceOf(file, specifier))];
  }),
);

function sourceOf(importer: string, specifier: string): string {
  const path = relative(root, resolve(root, dirname(importer), specifier));
  const candidates = [path, path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".d.ts")];
  return candidates.find((candidate) => existsSync(join(root, candidate))) ?? path;
}

const folderOf = (file: string) => file.split(/[\\/]/)[1];

describe("imports", () => {
  test("every folder of src has a row in the table", () => {
    const folders = new Set(sources.map(folderOf).filter((name) => !name.endsWith(".ts")));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  test("point to the right", () => {
    const wrong = [...imports].flatMap(([file, targets]) => {
      const folder = folderOf(file);
      if (file === join("src", "index.ts")) return [];
      const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
      return targets
        .filter((target) => !target.startsWith("src") || !allowed.includes(folderOf(target)))
        .map((target) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test("have no cycles", () => {
    expect(firstCycle()).toEqual([]);
  });

  test("load the libraries of drawing and of queues with the commands that use them", () => {
    const slow = ["echarts", "@resvg", "bullmq", "ioredis"];
    const loaded = new Set<string>();
    const visit = (file: string): string[] => {
      if (loaded.has(file)) return [];
      loaded.add(file);
      return (specifiers.get(file)?.atStart ?? []).flatMap((specifier) => {
        if (specifier.startsWith(".")) return visit(sourceOf(file, specifier));
        return slow.includes(specifier.split("/")[0]) ? [`${file} imports ${specifier}`] : [];
      });
    };
    expect(visit(join("src", "cli", "main.ts"))).toEqual([]);
    expect(loaded.size).toBeGreaterThan(200);
  });
});

/** A chain of files that leads back to its start. */
function firstCycle(): string[] {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return [];
    path.push(file);
    for (const target of imports.get(file) ?? []) {
      const cycle = visit(target);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    finished.add(file);
    return [];
  };
  for (const file of sources) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

const code = ["src", "shaders", "test", "bench"]
  .flatMap(filesBelow)
  .filter((file) => /\.(ts|js|mjs|wgsl)$/.test(file) && !file.includes("node_modules"));

test(`no file of src or shaders is longer than ${LONGEST_FILE} lines`, () => {
  const long = code
    .filter((file) => /^(src|shaders)/.test(file))
    .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
    .filter(({ lines }) => lines > LONGEST_FILE);
  expect(long).toEqual([]);
});

test("no module is named for what it is not", () => {
  expect(code.filter((file) => /(^|[\\/])(utils?|helpers?|common|misc)([.\\/-]|$)/i.test(file))).toEqual([]);
});

test("nothing refers to files outside the repository", () => {
  const outside = ["../sha" + "red", "/wo" + "rk/"];
  expect(code.filter((file) => outside.some((path) => read(file).includes(path)))).toEqual([]);
});
