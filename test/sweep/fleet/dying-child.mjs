/** Stands in for a process that computes blocks: opens its device, and dies of the first block. */
process.on("disconnect", () => process.exit());
process.on("message", ({ kind }) => {
  if (kind === "open") process.send({ kind: "ready", device: { name: "none", driver: "none" } });
  if (kind === "block") {
    process.stderr.write("out of memory\n");
    process.kill(process.pid, "SIGKILL");
  }
});
