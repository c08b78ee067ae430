#!/usr/bin/env node
/** The `onsager` command. */
import { basename, relative } from "node:path";
import { removePartialFolders } from "../files/output-folder.js";
import { runCli } from "./program.js";
import { Interrupted } from "./session.js";

/** How long an interrupted command may take to end by itself, in milliseconds. */
const GRACE = 2000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

const interruption = new AbortController();
let holds = 0;
for (const [signal, code] of Object.entries(SIGNALS)) {
  const leave = () => {
    removePartialFolders();
    process.exit(code);
  };
  process.on(signal, () => {
    if (interruption.signal.aborted) leave();
    interruption.abort(new Interrupted(code));
    if (holds === 0) setTimeout(leave, GRACE).unref();
    else process.stderr.write("\nfinishing what is at hand; interrupt again to stop at once\n");
  });
}
// Whoever reads the output may stop early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

/** As it was called: by its name on the path, else by npx, which runs it from its checkout or from where --prefix leads. */
function programName(): string {
  const { npm_lifecycle_event: event, npm_config_local_prefix: root = "." } = process.env;
  if (event === "npx" && relative(root, ".").startsWith("..")) return `npx --prefix ${root} onsager`;
  return event !== "npx" && basename(process.argv[1]) === "onsager" ? "onsager" : "npx onsager";
}

process.exitCode = await runCli(process.argv.slice(2), {
  program: programName(),
  print: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
  terminal: process.stderr.isTTY ? process.stderr : undefined,
  interruption: interruption.signal,
  holdInterruption: () => {
    holds++;
    return () => holds--;
  },
});
