/** Sweeps through a queue, on a server of the tests' own: workers die, the server goes away, others send nonsense. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Job, Queue, Worker } from "bullmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageVersion } from "../../../src/cli/version.js";
import { writeNpy } from "../../../src/files/npy.js";
import { queueName } from "../../../src/sweep/fleet/queue-protocol.js";
import { uniformMatrix } from "../../../src/reference/random.js";
import { type Started, startProcess } from "../../cli/process.js";
import { certificate, freePort, missing, type Server, startServer } from "./server.js";
import {
  blocksOf,
  folder,
  refined,
  specification,
  startSweep,
  sweep,
  table,
  until,
  writeSpecification,
} from "./specification.js";

const name = queueName(packageVersion());

/** Blocks go to another worker a second after theirs fell silent; a server may be away for as long as `patience`. */
function startWorker(url: string, patience = "5"): Started & { readonly said: () => string } {
  const words = ["--queue", url, "--device", "cpu", "--takeover", "1", "--patience", patience];
  const started = startProcess("worker", ...words);
  let said = "";
  started.child.stdout?.on("data", (text: Buffer) => (said += text.toString()));
  return { ...started, said: () => said };
}

async function stopWorker({ child, ended }: Started): Promise<void> {
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 0 });
}

/** Jobs that are left, whatever their state. */
async function leftBehind(port: number, db: number): Promise<Record<string, number>> {
  const queue = new Queue(name, { connection: { host: "127.0.0.1", port, db } });
  const counts = await queue.getJobCounts();
  await queue.close();
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

if (missing !== undefined) test(`skipped: ${missing}`, ({ skip }) => skip(missing));

describe.skipIf(missing !== undefined)("a queue", () => {
  let server: Server;
  const url = (db: number) => `redis://127.0.0.1:${server.port}/${db}`;
  const small = writeSpecification(folder, "small.json", refined(2));
  const smallAlone = join(folder, "small");
  beforeAll(async () => {
    server = await startServer(folder);
    expect(await sweep(small, smallAlone)).toMatchObject({ code: 0, err: "" });
  });
  afterAll(() => server.kill());

  test("whose workers are killed loses nothing", async () => {
    const plain = specification(8);
    const spec = writeSpecification(folder, "spec.json", plain);
    const alone = join(folder, "alone");
    expect(await sweep(spec, alone)).toMatchObject({ code: 0, err: "" });
    expect(blocksOf(alone)).toBeGreaterThanOrEqual(200);

    const steady = startWorker(url(0));
    const out = join(folder, "killed");
    const started = startSweep(spec, out, "--queue", url(0));
    let running = true;
    void started.ended.then(() => (running = false));
    let kills = 0;
    for (const wait of uniformMatrix(50, 1, { seed: 5, stream: 0, sample: 0 })) {
      const victim = startWorker(url(0));
      await until(() => !running || victim.said().includes("block "), victim);
      await new Promise((resolve) => setTimeout(resolve, 100 * wait));
      victim.child.kill("SIGKILL");
      await victim.ended;
      if (!running) break;
      kills++;
    }
    expect(await started.ended).toMatchObject({ code: 0 });
    expect(kills).toBeGreaterThanOrEqual(1);
    for (const file of ["results.csv", "summary.csv"]) expect(table(out, file)).toBe(table(alone, file));
    expect(await leftBehind(server.port, 0)).toEqual({});
    await stopWorker(steady);
  });

  test("that is away is told of in one line, and a sweep goes on when it is back", async () => {
    const port = await freePort();
    const away = `redis://127.0.0.1:${port}`;
    const out = join(folder, "away");
    const line = new RegExp(`^onsager: queue ${away}: no answer for 1 s \\(.*ECONNREFUSED.*\\); nothing is lost\\n$`);
    const [first, worker] = await Promise.all([
      sweep(small, out, "--queue", away, "--patience", "1"),
      startWorker(away, "1").ended,
    ]);
    expect(first).toMatchObject({ code: 1, err: expect.stringMatching(line) as string });
    expect(worker).toMatchObject({ code: 1, err: expect.stringMatching(line) as string });
    expect(readdirSync(folder)).not.toContain("away");

    const before = await startServer(folder, { port });
    const [lost, stopped] = [startWorker(away, "1"), startWorker(away, "1")];
    const started = startSweep(small, out, "--queue", away, "--patience", "1");
    await until(() => blocksOf(out) > 3, started);
    await until(() => stopped.said().includes("waiting for blocks"), stopped);
    await before.kill();
    // It ends even if it cannot say goodbye to the server.
    await new Promise((resolve) => setTimeout(resolve, 200));
    stopped.child.kill("SIGINT");
    expect(await started.ended).toMatchObject({ code: 1, err: expect.stringMatching(line) as string });
    expect(await lost.ended).toMatchObject({ code: 1 });
    expect(await stopped.ended).toMatchObject({ code: 0 });
    expect(blocksOf(out)).toBeLessThan(blocksOf(smallAlone));

    // It comes back without a memory.
    const after = await startServer(folder, { port });
    const back = startWorker(away);
    expect(await sweep(small, out, "--queue", away, "--resume")).toMatchObject({ code: 0 });
    expect(table(out)).toBe(table(smallAlone));
    await stopWorker(back);
    await after.kill();
  });

  test("with a password and TLS carries arrays both ways, and tells nobody the password", async () => {
    await writeNpy(
      join(folder, "field.npy"),
      [12],
      Array.from({ length: 12 }, (_, k) => 0.1 * (k - 6)),
      "<f8",
    );
    const plain = specification(1);
    const document = { ...plain, system: { ...plain.system, field: "field.npy" }, arrays: "npy" };
    const spec = writeSpecification(folder, "arrays.json", document);
    const secure = await startServer(folder, { secure: true, password: "se/cret" });
    process.env.NODE_EXTRA_CA_CERTS = certificate;
    const address = `rediss://:se%2Fcret@localhost:${secure.port}`;
    const refused = await startWorker(`rediss://:wrong@localhost:${secure.port}`).ended;
    const worker = startWorker(address);
    const [alone, out] = [join(folder, "arrays-alone"), join(folder, "arrays")];
    expect(await sweep(spec, alone)).toMatchObject({ code: 0, err: "" });
    const ended = await sweep(spec, out, "--queue", address);
    delete process.env.NODE_EXTRA_CA_CERTS;
    expect(ended).toMatchObject({ code: 0 });
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(
      /^onsager: queue rediss:\/\/localhost:\d+: found a server that refuses .*WRONGPASS.*\n$/,
    );
    await stopWorker(worker);
    const { out: said } = await worker.ended;
    expect(table(out)).toBe(table(alone));
    for (const file of readdirSync(join(alone, "blocks")).filter((each) => each.endsWith(".npy"))) {
      expect(readFileSync(join(out, "blocks", file)), file).toEqual(readFileSync(join(alone, "blocks", file)));
    }
    for (const text of [said, ended.out, table(out, "manifest.json")]) expect(text).not.toMatch(/se(%2F|\/)cret/);
    await secure.kill();
  });

  test("refuses jobs that no user's file could be, once and in one line", async () => {
    const queue = new Queue(name, { connection: { host: "127.0.0.1", port: server.port, db: 1 } });
    const plain = specification(1);
    const hash = "0".repeat(64);
    const plan = { specification: plain, refined: [], sizing: { work: 1, verify: 0 } };
    const cut = { index: 0, digest: hash };
    const system = { ...plain.system, field: "/etc/passwd.npy" };
    const jobs = {
      code: [{ code: "process.exit()" }, /^job: .*found/],
      path: [{ plan, arrays: { "field.npy": "../../etc/passwd" }, cut }, /^job: arrays.*SHA-256/],
      "no contents": [{ plan, arrays: { "field.npy": hash }, cut }, /no contents of the array file field.npy/],
      "another file": [
        { plan: { ...plan, specification: { ...plain, system } }, arrays: {}, cut },
        // N is known: the array is asked for when the block, which is cut in another way, is found.
        /found (the array file \/etc\/passwd.npy|another cut of block 0)/,
      ],
      "unknown key": [{ plan: { ...plan, specification: { ...plain, shell: "sh" } }, arrays: {}, cut }, /shell: found/],
      "no such block": [{ plan, arrays: {}, cut: { ...cut, index: 26 } }, /block: found 26, expected one of the 26/],
      "another cut": [{ plan, arrays: {}, cut }, /found another cut of block 0/],
    } as const;
    const added: [string, Job][] = [];
    for (const [what, [data]] of Object.entries(jobs)) added.push([what, await queue.add(what, data, { attempts: 3 })]);
    const worker = startWorker(url(1));
    for (;;) {
      if ((await queue.getJobCounts()).failed === added.length) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const [what, { id }] of added) {
      const job = await Job.fromId(queue, id ?? "");
      expect(job?.failedReason, what).toMatch(jobs[what as keyof typeof jobs][1]);
      expect(job?.failedReason, what).not.toContain("\n");
      expect(job?.attemptsMade, what).toBe(1);
    }
    await queue.close();
    await stopWorker(worker);
  });

  test("delivers twice, and to two sweeps at once, without harm", async () => {
    // Two folders want the same jobs: what one takes away, the other asks for again.
    const plain = specification(1);
    const spec = writeSpecification(folder, "plain.json", plain);
    const alone = join(folder, "plain");
    expect(await sweep(spec, alone)).toMatchObject({ code: 0, err: "" });
    const worker = startWorker(url(2));
    const outs = [join(folder, "one"), join(folder, "other")];
    const ended = await Promise.all(outs.map((out) => sweep(spec, out, "--queue", url(2))));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    for (const out of outs) expect(table(out)).toBe(table(alone));
    await stopWorker(worker);
  });

  test("keeps no result that is none", async () => {
    const connection = { host: "127.0.0.1", port: server.port, db: 3 };
    const impostor = new Worker(name, () => Promise.resolve({ record: "{}" }), { connection });
    const out = join(folder, "forged");
    const { code, err } = await sweep(small, out, "--queue", url(3));
    await impostor.close();
    expect(code).toBe(1);
    expect(err.trim().split("\n").at(-1)).toMatch(
      /^onsager: block \d+ of fleet: a worker has sent what is no result \(no checksum\), 3 times$/,
    );
    expect(blocksOf(out)).toBe(0);
  });
});
