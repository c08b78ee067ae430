/** Shader text before it reaches a device: reading, `// @import` lines and specialisation constants. */
import { GpuError } from "./errors.js";
import { unrollLoops } from "./unroll.js";

const IMPORT = /^[ \t]*\/\/ @import[ \t]+(\S+)[ \t]*$/gm;
const DIRECTIVE = /^[ \t]*(?:enable|requires|diagnostic)\b[^;]*;[ \t]*\n?/gm;

/** The text behind a URL, in Node and in the browser. */
export async function loadText(url: URL): Promise<string> {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url, "utf8");
  }
  const response = await fetch(url);
  if (!response.ok) throw new GpuError(`${url.href} cannot be read: ${response.status} ${response.statusText}`);
  return response.text();
}

/**
 * One complete WGSL text: the file at `path` with every `// @import` line followed by the file that it names (each file
 * once, however often it is imported), `const NAME: type = value;` lines set from `constants`, loops marked `// @unroll`
 * written out, and the directives that WGSL wants first hoisted to the top. Paths are those that `load` takes, relative to the same folder in every file.
 */
export async function assembleShader(
  load: (path: string) => Promise<string>,
  path: string,
  constants: Record<string, number | boolean>,
): Promise<string> {
  let source = await resolveImports(load, path, new Set([path]));
  for (const [name, value] of Object.entries(constants)) source = setConstant(source, path, name, value);
  source = unrollLoops(source, path);
  const directives = new Set((source.match(DIRECTIVE) ?? []).map((directive) => directive.trim()));
  return [...directives, source.replace(DIRECTIVE, "")].join("\n");
}

async function resolveImports(
  load: (path: string) => Promise<string>,
  path: string,
  included: Set<string>,
): Promise<string> {
  const source = await load(path);
  let assembled = "";
  let end = 0;
  for (const match of source.matchAll(IMPORT)) {
    const imported = match[1];
    assembled += source.slice(end, match.index) + match[0];
    end = match.index + match[0].length;
    if (included.has(imported)) continue;
    included.add(imported);
    assembled += `\n${(await resolveImports(load, imported, included)).trimEnd()}`;
  }
  return assembled + source.slice(end);
}

function setConstant(source: string, path: string, name: string, value: number | boolean): string {
  const declaration = new RegExp(
    `^([ \\t]*const[ \\t]+${name}[ \\t]*:[ \\t]*(u32|i32|f32|bool)[ \\t]*=[ \\t]*)[^;]+;`,
    "m",
  );
  const match = declaration.exec(source);
  if (match === null) {
    throw new GpuError(`${path} has no line "const ${name}: type = value;" to set to ${value}`, { kernel: path });
  }
  const replacement = `${match[1]}${literal(match[2], value, `constant ${name} of ${path}`)};`;
  return source.slice(0, match.index) + replacement + source.slice(match.index + match[0].length);
}

function literal(type: string, value: number | boolean, what: string): string {
  if (type === "bool" && typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (type === "u32" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return `${value}u`;
    if (type === "i32" && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return `${value}i`;
    if (type === "f32" && Number.isFinite(Math.fround(value))) {
      return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0f` : `${value}f`;
    }
  }
  throw new GpuError(`${what} is of type ${type} and cannot be ${value}`);
}
