/** numpy and PyTorch, where `python3` has them: one process each, which keeps its own clock. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Contestant, Unavailable } from "./contestant.js";

const SCRIPT = fileURLToPath(new URL("../peers/attention_field.py", import.meta.url));
/** Idle threads sleep instead of spinning into the next contestant's turn. */
const QUIET = { OMP_WAIT_POLICY: "PASSIVE", KMP_BLOCKTIME: "0" };

export const numpy = pythonContestant("numpy", false);
export const torch = pythonContestant("torch", true);

function pythonContestant(name: "numpy" | "torch", usesGpu: boolean): Contestant {
  return {
    name,
    onAdapter: false,
    async open({ n, d, queries, keys, values }, { adapter }, { precision }) {
      const folder = await mkdtemp(join(tmpdir(), "onsager-bench-"));
      const input = join(folder, "inputs.f32");
      await writeFile(input, Buffer.concat([queries, keys, values].map((matrix) => new Uint8Array(matrix.buffer))));
      const device = usesGpu && adapter.report.kind === "hardware" ? "gpu" : "cpu";
      const words = [SCRIPT, name, input, n, d, precision, device].map(String);
      const dialogue = new Dialogue(spawn("python3", words, { env: { ...process.env, ...QUIET } }));
      const dispose = async () => {
        dialogue.close();
        await rm(folder, { recursive: true, force: true });
      };
      try {
        const { skipped, adapter: runsOn, version } = await dialogue.answer();
        if (typeof skipped === "string") throw new Unavailable(skipped);
        return {
          adapter: String(runsOn),
          note: `${String(version)}; inputs resident, its own clock`,
          run: async () => 1000 * Number((await dialogue.ask("run")).seconds),
          async result() {
            const path = join(folder, "field.f32");
            await dialogue.ask(`result ${path}`);
            return { field: new Float32Array(new Uint8Array(await readFile(path)).buffer) };
          },
          dispose,
        };
      } catch (error) {
        await dispose();
        throw error;
      }
    },
  };
}

/** One line of JSON for one line asked. */
class Dialogue {
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<string>;
  #said = "";

  constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on("data", (text: Buffer) => (this.#said = (this.#said + text.toString()).slice(-4000)));
    child.stdin.on("error", () => undefined); // its end is reported once, below
    this.#ended = once(child, "close").then(
      ([code]) => this.#said.trim().split("\n").at(-1) || `exit code ${String(code)}`,
      (error: unknown) => {
        throw new Unavailable(`python3 does not start: ${String(error)}`);
      },
    );
    this.#ended.catch(() => undefined);
  }

  ask(request: string): Promise<Record<string, unknown>> {
    this.child.stdin.write(`${request}\n`);
    return this.answer();
  }

  async answer(): Promise<Record<string, unknown>> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`python3 ended: ${await this.#ended}`);
    return JSON.parse(line.value) as Record<string, unknown>;
  }

  close(): void {
    this.child.stdin.end();
  }
}
