import { describe, expect, test } from "vitest";
import { parseSweeps } from "../../src/sweep/spec.js";

const system = {
  spins: { kind: "binary", count: 8 },
  couplings: { kind: "gaussian", mean: 1, std: 0.5 },
};
const valid = { name: "a", system, axes: { beta: [1, 2] }, steps: 3 };

describe("a specification", () => {
  test("crosses its axes, the last one fastest", () => {
    const axes = {
      beta: { from: 1, to: 4, count: 3, scale: "log" },
      closure: ["naive", "tap"],
      "couplings.std": [0.1, 1],
    };
    const [sweep] = parseSweeps({ ...valid, axes }, "spec");
    expect(sweep.points.map(({ values }) => values)).toEqual(
      [1, 2, 4].flatMap((beta) => ["naive", "tap"].flatMap((closure) => [0.1, 1].map((std) => [beta, closure, std]))),
    );
    const { closure, run, system: systemOf } = sweep.points[11];
    expect(closure).toBe("tap");
    expect(run).toEqual({ steps: 3 });
    expect(systemOf(5)).toMatchObject({ beta: 4, couplings: { std: 1 }, seed: 0, sample: 5 });
  });

  test("gives linear ranges in round numbers", () => {
    const [sweep] = parseSweeps({ ...valid, axes: { beta: { from: 0.5, to: 2.2, count: 21 } } }, "spec");
    expect(sweep.axes[0].values.slice(0, 4)).toEqual([0.5, 0.585, 0.67, 0.755]);
    expect(sweep.axes[0].values.at(-1)).toBe(2.2);
  });

  test("may list several sweeps", () => {
    expect(parseSweeps({ sweeps: [valid, { ...valid, name: "b" }] }, "spec").map(({ name }) => name)).toEqual([
      "a",
      "b",
    ]);
  });

  test("may sweep the number of steps", () => {
    const [sweep] = parseSweeps({ ...valid, steps: undefined, axes: { steps: [1, 2] } }, "spec");
    expect(sweep.points.map(({ run }) => run)).toEqual([{ steps: 1 }, { steps: 2 }]);
  });
});

describe("bad input is one line with the key, what was found and what is expected", () => {
  const cases: [string, unknown, RegExp][] = [
    ["an unknown key", { ...valid, colour: 1 }, /spec: colour: found an unknown key/],
    ["no axis", { ...valid, axes: {} }, /spec: axes: found no axis, expected at least one/],
    ["an axis without points", { ...valid, axes: { beta: [] } }, /spec: axes\.beta: found a list of 0/],
    [
      "a log range through zero",
      { ...valid, axes: { beta: { from: 0, to: 1, count: 3, scale: "log" } } },
      /axes\.beta: found a log range from 0 to 1, expected ends above zero/,
    ],
    ["a negative beta", { ...valid, axes: { beta: [1, -2] } }, /spec: system: beta: found -2, expected at least 0/],
    [
      "an unknown closure",
      { ...valid, axes: { closure: ["best"] } },
      /axes\.closure: found "best", expected one of naive, tap/,
    ],
    [
      "a closure for other spins",
      { ...valid, axes: { closure: ["tap-published"] } },
      /found tap-published for binary spins, expected one of naive, tap, onsager/,
    ],
    [
      "a path into nothing",
      { ...valid, axes: { "field.halfWidth": [1] } },
      /axes\.field\.halfWidth: found no object field in the system/,
    ],
    [
      "a path to no key",
      { ...valid, axes: { "couplings.spread": [1] } },
      /system: couplings\.spread: found an unknown key/,
    ],
    ["steps and steady", { ...valid, steady: true }, /steady: found true beside steps/],
    ["neither", { ...valid, steps: undefined }, /steps: found nothing, expected a number of steps, or steady: true/],
    ["zero steps", { ...valid, steps: 0 }, /steps: found 0, expected at least 1/],
    [
      "an unknown observable",
      { ...valid, observe: ["mass"] },
      /observe\[0\]: found "mass", expected one of magnetization/,
    ],
    [
      "an axis that fills the memory",
      { ...valid, axes: { beta: { from: 1, to: 2, count: 1e9 } } },
      /axes\.beta\.count: found 1000000000, expected at most 100000/,
    ],
    [
      "too many points",
      { ...valid, samples: 600_000 },
      /axes: found 1200000 points and samples, expected at most 1000000/,
    ],
    [
      "row statistics of couplings without rows",
      { ...valid, observe: ["entropy"] },
      /observe: found entropy of gaussian couplings, expected attention/,
    ],
    [
      "samples without anything random",
      { ...valid, system: { ...system, couplings: { kind: "curie-weiss" } }, samples: 4 },
      /samples: found 4 of a system in which nothing is random, expected 1, random couplings/,
    ],
    ["no samples", { ...valid, samples: 0 }, /samples: found 0, expected at least 1/],
    ["a name that is a path", { ...valid, name: "../x" }, /name: found "\.\.\/x", expected letters/],
    ["one name twice", { sweeps: [valid, valid] }, /sweeps: found the name a twice, expected different names/],
    [
      "an unknown coupling",
      { ...valid, system: { ...system, couplings: { kind: "sparse" } } },
      /couplings\.kind: found "sparse", expected one of dense, gaussian/,
    ],
  ];
  test.each(cases)("%s", (_, document, message) => {
    expect(() => parseSweeps(document, "spec")).toThrow(message);
    try {
      parseSweeps(document, "spec");
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });
});

test.each<[string, object]>([
  ["a start that is drawn", { initial: { kind: "uniform", halfWidth: 0.5 } }],
  ["random patterns", { couplings: { kind: "hopfield", count: 2 }, initial: { kind: "pattern" } }],
  [
    "queries that are drawn",
    { couplings: { kind: "attention", queries: { kind: "direction" }, tied: true, dimension: 2 } },
  ],
  ["disorder at some points of an axis", { couplings: { kind: "gaussian", std: 0 }, axis: "couplings.std" }],
])("samples of %s", (_, { axis, ...changes }: { axis?: string }) => {
  const axes = axis === undefined ? { beta: [1] } : { [axis]: [0, 1] };
  const document = { name: "a", system: { spins: { kind: "binary", count: 4 }, couplings: { kind: "curie-weiss" } } };
  const sampled = { ...document, system: { ...document.system, ...changes }, axes, steps: 1, samples: 2 };
  expect(parseSweeps(sampled, "spec")[0].samples).toBe(2);
  const chains = { ...sampled, system: document.system, axes: { closure: ["naive", "monte-carlo"] } };
  expect(parseSweeps(chains, "spec")[0].samples).toBe(2);
});
