/** The report of a sweep in a real browser: the one that the dev dependency ships, headless. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import packaged from "@sparticuz/chromium";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { invoke } from "../cli/invoke.js";

const folder = mkdtempSync(join(tmpdir(), "onsager-report-"));
const out = join(folder, "out");
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeAll(async () => {
  const specification = {
    name: "small-report",
    system: {
      spins: { kind: "binary", count: 12 },
      couplings: { kind: "gaussian", mean: 1, std: 0.3 },
      initial: { kind: "constant", value: 1 },
    },
    axes: { beta: { from: 0.5, to: 2, count: 5 }, "couplings.std": [0.1, 0.2, 0.3, 0.4] },
    samples: 2,
    steps: 20,
    observe: ["absolute-magnetization", "overlap"],
  };
  const spec = join(folder, "spec & <more>.json");
  await writeFile(spec, JSON.stringify(specification));
  expect(await invoke("sweep", spec, "--out", out, "--device", "cpu")).toMatchObject({ code: 0, err: "" });
});

/** A machine without the libraries that a browser needs says so in the name of the test; CI has them. */
const executablePath = await packaged.executablePath();
const { status, stderr } = spawnSync(executablePath, ["--version", "--no-sandbox"], { encoding: "utf8" });
const missing = status === 0 || process.env.CI ? "" : ` [skipped: ${stderr.trim().split("\n")[0]}]`;

test.skipIf(missing !== "")(
  `opens without a word on the console and without asking for anything else${missing}`,
  async () => {
    const browser = await chromium.launch({
      executablePath,
      args: packaged.args,
      headless: true,
    });
    try {
      const page = await browser.newPage();
      const [said, asked]: [string[], string[]] = [[], []];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(error.message));
      page.on("request", (request) => asked.push(request.url()));
      const url = pathToFileURL(join(out, "report.html")).href;
      await page.goto(url);
      expect(said).toEqual([]);
      // The empty icon is part of the page.
      expect(asked.filter((each) => !each.startsWith("data:"))).toEqual([url]);
      expect(await page.title()).toBe("small-report: Onsager sweep");
      expect(await page.locator("figure svg").count()).toBe(4);
      expect(await page.locator("h2").allTextContents()).toEqual([
        "Figures",
        "Convergence",
        "Verification",
        "Summary",
        "Origin",
        "To repeat it",
        "Columns of the summary",
      ]);
      // Drawings are not wider than their column.
      const widths = await page
        .locator("figure")
        .evaluateAll((all) => all.map((each) => each.scrollWidth - each.clientWidth));
      expect(Math.max(...widths)).toBeLessThanOrEqual(0);
    } finally {
      await browser.close();
    }
  },
);

test("names where everything comes from", () => {
  const text = readFileSync(join(out, "report.html"), "utf8");
  for (const needed of ["onsager sweep", "spec &#38; &#60;more&#62;.json", "philox4x32-10/3", "name: small-report"]) {
    expect(text).toContain(needed);
  }
  expect(text).not.toMatch(/(src|href)="https?:/);
});
