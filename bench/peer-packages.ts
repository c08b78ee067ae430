/** The packages that Onsager is measured against: installed beside their own lock file, loaded only when they run. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Unavailable } from "./contestants/contestant.js";

const FOLDER = new URL("peers/", import.meta.url);
const LOCK = new URL("package-lock.json", FOLDER);
const MODULES = new URL("node_modules/", FOLDER);
/** Holds the checksum of the lock file that was installed; `npm ci` removes it with everything else. */
const STAMP = new URL(".onsager-lock", MODULES);

let failure: string | undefined;

/** `npm ci` in bench/peers, unless that is done. A failure is kept: it becomes the reason why a peer is skipped. */
export async function installPeers(progress: (line: string) => void): Promise<void> {
  const wanted = createHash("sha256").update(readFileSync(LOCK)).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  progress("installing the peers (npm ci in bench/peers)");
  try {
    await npmInstall();
    writeFileSync(STAMP, wanted);
  } catch (error) {
    failure = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, " ");
    progress(`npm ci in bench/peers failed: ${failure}`);
  }
}

/** @throws Unavailable */
export function loadPeer(name: string): unknown {
  const load = createRequire(new URL("package.json", FOLDER));
  try {
    return load(name);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const [reason] = String(error).split("\n");
    if (code !== "MODULE_NOT_FOUND") throw new Unavailable(`${name} does not load: ${reason}`);
    throw new Unavailable(`${name} is not installed${failure === undefined ? "" : ` (npm ci: ${failure})`}`);
  }
}

/** Installed versions by package, those that bench/peers/package.json names. */
export function peerVersions(): Record<string, string> {
  const { dependencies } = readManifest(new URL("package.json", FOLDER)) as { dependencies: Record<string, string> };
  const versions = Object.keys(dependencies).flatMap((name) => {
    const manifest = new URL(`${name}/package.json`, MODULES);
    return existsSync(manifest) ? [[name, (readManifest(manifest) as { version: string }).version]] : [];
  });
  return Object.fromEntries(versions) as Record<string, string>;
}

function readManifest(url: URL): unknown {
  return JSON.parse(readFileSync(url, "utf8"));
}

function npmInstall(): Promise<void> {
  // Under `npm run` the npm that started this is known by path; otherwise the one on the PATH, a shell script on Windows.
  const script = process.env.npm_execpath;
  const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const options = { cwd: fileURLToPath(FOLDER), stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"] };
  const child = script?.endsWith(".js")
    ? spawn(process.execPath, [script, ...words], options)
    : spawn("npm", words, { ...options, shell: process.platform === "win32" });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const lines = said.split("\n").filter((line) => /^npm (error|ERR!)/.test(line));
      if (code === 0) resolve();
      else reject(new Error(lines.slice(0, 2).join(" ") || `exit code ${code}`));
    });
  });
}
