/**
 * One process at a time works on a folder. Each leaves a file that names it; who finds the file of another that is alive
 * takes its own away and leaves. Two that come at the same instant may both leave: nothing is ever taken from a live one,
 * and no file of a killed process is in the way.
 */
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { explainOutputError } from "../../files/output-error.js";
import { InputError } from "../../physics/input-error.js";

const PREFIX = ".working-";

/** On another machine a process counts as alive while its file was touched less than this ago, in milliseconds. */
const SILENCE = 60_000;
const TOUCH = 15_000;

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process was started, in the clock ticks of its kernel; process numbers are used again. */
  readonly started: string;
}

const held = new Set<string>();
process.on("exit", () => held.forEach((file) => rmSync(file, { force: true })));

export class FolderLock {
  private constructor(
    private readonly file: string,
    private readonly timer: NodeJS.Timeout,
  ) {}

  /** @throws InputError if another process works on the folder */
  static async take(folder: string): Promise<FolderLock> {
    const own: Holder = { host: hostname(), pid: process.pid, started: await startOf(process.pid) };
    const file = join(folder, `${PREFIX}${own.host}-${own.pid}`);
    if (held.has(file)) throw new InputError(folder, "this very process at work on it", "one run at a time");
    try {
      await writeFile(file, JSON.stringify(own));
    } catch (error) {
      await rm(file, { force: true }).catch(() => undefined);
      throw explainOutputError(file, error);
    }
    held.add(file);
    for (const name of await readdir(folder)) {
      const other = join(folder, name);
      if (!name.startsWith(PREFIX) || other === file) continue;
      const holder = await readHolder(other);
      if (holder && (await isAlive(holder, other))) {
        held.delete(file);
        await rm(file, { force: true });
        throw new InputError(
          folder,
          `process ${holder.pid} of ${holder.host} at work on it`,
          `one process at a time: wait for it, or end it`,
        );
      }
      await rm(other, { force: true });
    }
    const timer = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), TOUCH).unref();
    return new FolderLock(file, timer);
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    held.delete(this.file);
    await rm(this.file, { force: true });
  }
}

/** Who works on the folder at the moment, in words. */
export async function workerOf(folder: string): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const holder = name.startsWith(PREFIX) ? await readHolder(file) : undefined;
    if (holder && (await isAlive(holder, file))) return `process ${holder.pid} of ${holder.host}`;
  }
  return undefined;
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    // Gone meanwhile, or cut off by a crash of its writer.
    return undefined;
  }
}

async function isAlive({ host, pid, started }: Holder, file: string): Promise<boolean> {
  if (host !== hostname()) {
    const touched = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    return Date.now() - touched < SILENCE;
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: there is one, but of another user.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return (await startOf(pid)) === started;
}

/** Linux tells it; elsewhere the process number has to do. */
async function startOf(pid: number): Promise<string> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name in the second field may hold spaces; it ends at the last bracket. A zombie is dead.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : fields[19];
  } catch {
    return "unknown";
  }
}
