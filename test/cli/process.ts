/** The built command as a process of its own, for what a process alone can show: being killed, and having company. */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist/cli/main.js");

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A checkout writes both in any order. */
const BUILD_MILLISECONDS = 60_000;

// Of an older build nothing would be learned.
const newest = Math.max(...sources(join(root, "src")).map((file) => statSync(file).mtimeMs));
if (statSync(join(root, "dist/cli/main.js.map")).mtimeMs < newest - BUILD_MILLISECONDS) {
  throw new Error("dist is older than src: npm run build");
}

export function startProcess(...words: string[]): Started {
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (text: Buffer) => (said.out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (said.err += text.toString()));
  return {
    child,
    ended: new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, ...said }))),
  };
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}
