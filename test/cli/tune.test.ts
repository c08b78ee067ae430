/** `onsager tune` where there is nothing to tune, and what it prints where there was. */
import { describe, expect, test } from "vitest";
import { tuningText } from "../../src/cli/tuning-text.js";
import type { MeasuredCandidate, TuningResult } from "../../src/verify/tune.js";
import { invoke } from "./invoke.js";

describe("is refused in one line", () => {
  test("on a software adapter", async () => {
    const { code, out, err } = await invoke("tune", "--device", process.env.ONSAGER_DEVICE || "SwiftShader");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(
      /^onsager: tune: found .*, a software adapter, which has a fixed table .*, expected a hardware adapter\n$/,
    );
  });

  test.each([
    [
      "on the CPU engine",
      ["--device", "cpu"],
      /^onsager: tune: found the CPU engine, .* expected a hardware adapter\n$/,
    ],
    ["for a device that is not there", ["--device", "Voodoo"], /^onsager: no adapter's name contains "Voodoo"/],
    ["for a kernel that has no candidates", ["--kernel", "scores"], /^onsager: .*attention-field-sphere.*\n$/],
  ])("%s", async (_title, words, message) => {
    const { code, out, err } = await invoke("tune", ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain("\n");
  });
});

test("help has an example and says what it costs", async () => {
  const { code, out } = await invoke("tune", "--help");
  expect(code).toBe(0);
  expect(out).toContain("Example:\n  onsager tune --kernel attention-field-sphere");
  expect(out).toContain("Takes minutes.");
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("the table has a row a bucket, what was left out, and the share of the best", () => {
  const candidate = (medianMs: number | undefined, change = {}, rejected?: string): MeasuredCandidate => {
    return { strategy: "portable", change, tile: {}, medianMs, rejected };
  };
  const [slow, fast, wrong] = [
    candidate(4),
    candidate(3, { DEPTH: 4 }),
    candidate(undefined, { DEPTH: 2 }, "field is off"),
  ];
  const kernel = "attention-field-binary";
  const results: TuningResult[] = [
    { kernel, bucket: { sites: 256, dimension: 64 }, candidates: [slow, fast, wrong], winner: fast },
    { kernel, bucket: { sites: 1024, dimension: 64 }, candidates: [candidate(1)], winner: undefined },
  ];
  results[1] = { ...results[1], winner: results[1].candidates[0] };
  expect(tuningText(results).trimStart()).toBe(
    [
      "attention-field-binary",
      "N      d              chosen    ms  default ms  default/best",
      "256   64    portable DEPTH 4  3.00        4.00          75 %",
      "1024  64  portable (default)  1.00        1.00         100 %",
      "left out: portable DEPTH 2: field is off",
      "",
      "share of the best: defaults 88 % on average, 75 % at worst, chosen 100 % on average, 100 % at worst",
    ].join("\n"),
  );
});
