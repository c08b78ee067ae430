/** Shader, twin, record and test of a kernel say the same: names of files, bindings, parameters and constants. */
import { readdirSync, readFileSync } from "node:fs";
import { parseSync } from "vite";
import { describe, expect, test } from "vitest";
import { reflectLayout } from "../../src/gpu/layouts.js";
import { type KernelName, kernels } from "../../src/kernels/registry.js";
import { shaderOf, strategyShaders } from "../../src/kernels/strategy-shaders.js";
import { sharedShaders } from "../../src/kernels/shared-shaders.js";
import {
  type AdapterTraits,
  denseKernels,
  fusedKernels,
  fusedStrategies,
  kernelVariant,
  type KernelVariant,
  precisionsOf,
} from "../../src/kernels/strategies.js";
import { ANDERSON_MEMORY } from "../../src/reference/anderson-gram.js";
import { FLIP_SHARES, LAWS } from "../../src/reference/coupling-row.js";
import { SPLIT_SPAN } from "../../src/reference/attention-rows.js";
import { CONTROL, CONTROL_FIELDS } from "../../src/reference/anderson-solve.js";
import { NOT_FINITE, REDUCE_CHUNK } from "../../src/reference/reduce.js";
import { STREAMS } from "../../src/reference/random.js";
import { MASKED } from "../../src/reference/scores.js";
import { twins } from "../../src/reference/twins.js";
import { kernelCases } from "../kernel-cases.js";
import { assembleKernel } from "./assemble.js";

const names = Object.keys(kernels) as KernelName[];
const root = new URL("../../", import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, root), "utf8");
const shaderText = (name: string) => textOf(`shaders/${name}.wgsl`);

const TRAITS: AdapterTraits = {
  software: false,
  subgroupSize: 8,
  matrices: { M: 8, N: 8, K: 8, lanes: 8, workgroupStorage: 32_768 },
};

/** Every strategy that a kernel has a shader of, for subgroups of eight lanes. */
const variants: readonly KernelVariant[] = [...fusedKernels, ...denseKernels].flatMap((kernel) =>
  fusedStrategies
    .filter((strategy) => strategy === "portable" || strategyShaders[strategy][kernel] !== undefined)
    .map((strategy) => {
      const shape = { sites: 64, dimension: 16, components: kernel === "attention-field-binary" ? 1 : 16 };
      const variant = kernelVariant(kernel, strategy, TRAITS, shape, precisionsOf(strategy)[0]);
      if (typeof variant === "string") throw new Error(variant);
      return variant;
    }),
);

/** Names of the files of a folder with this ending, without it. */
function namesIn(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, root))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

describe("files", () => {
  const sorted = [...names].sort();

  test("every shader has a record, a twin, cases and a test of its name, and nothing else has", () => {
    const shaders = new Set([...sorted, ...variants.map(({ shader }) => shader)]);
    expect(namesIn("shaders/", ".wgsl")).toEqual([...shaders].sort());
    expect(Object.keys(twins).sort()).toEqual(sorted);
    expect(Object.keys(kernelCases).sort()).toEqual(sorted);
    const files = { twins: namesIn("src/reference/", ".ts"), tests: namesIn("test/kernels/", ".test.ts") };
    expect(sorted.filter((name) => !files.twins.includes(name) || !files.tests.includes(name))).toEqual([]);
  });

  test("every record is filed under its name and points at its shader", () => {
    for (const name of names) {
      expect(kernels[name].name).toBe(name);
      expect(kernels[name].shader.href).toBe(new URL(`shaders/${name}.wgsl`, root).href);
    }
    for (const variant of variants) {
      expect(shaderOf(variant.kernel, variant).href).toBe(new URL(`shaders/${variant.shader}.wgsl`, root).href);
    }
  });

  test("every shared shader is in the table of shared shaders, under the path of its imports", () => {
    expect(Object.keys(sharedShaders).sort()).toEqual(
      namesIn("shaders/lib/", ".wgsl")
        .map((name) => `lib/${name}.wgsl`)
        .sort(),
    );
    for (const [path, url] of Object.entries(sharedShaders)) {
      expect(url.href).toBe(new URL(`shaders/${path}`, root).href);
    }
  });
});

describe.each(names)("%s", (name) => {
  const twin = twinSignature(name);

  const own = variants.filter(({ kernel }) => kernel === name);
  const texts: readonly { shader: string; tile: object; variant?: KernelVariant }[] =
    own.length > 0
      ? own.map((variant) => ({ shader: variant.shader, tile: variant.tile, variant }))
      : [{ shader: name, tile: kernels[name].tile }];

  describe.each(texts)("$shader", ({ shader, tile, variant }) => {
    test("bindings are the twin's arrays, members of Params its parameters", async () => {
      const layout = reflectLayout(name, await assembleKernel(name, {}, variant));
      expect(layout.arrays.map((array) => array.name)).toEqual(twin.arrays);
      expect(layout.params?.members.map((member) => member.name)).toEqual(twin.params);
    });

    test("the twin's constants and the record's tiles are constants of the shader", async () => {
      const text = await assembleKernel(name, {}, variant);
      const declared = new Map(
        [...text.matchAll(/^const (\w+): (\w+) = [^;]+;/gm)].map(([, constant, type]) => [constant, type]),
      );
      const types = { number: ["u32", "i32", "f32"], boolean: ["bool"] };
      for (const { name: constant, type } of twin.constants) {
        expect(types[type as keyof typeof types], constant).toContain(declared.get(constant));
      }
      expect(Object.keys(tile).filter((constant) => !declared.has(constant))).toEqual([]);
    });

    test("the head says what it computes, in a formula or by the equations, and names its twin", () => {
      const head = /^(\/\/.*\n)+/.exec(shaderText(shader))?.[0] ?? "";
      expect(head).toMatch(new RegExp(`^// ${shader}: `));
      expect(head).toMatch(/Equations? \d|[=Σ|]/);
      expect(head).toContain(`src/reference/${name}.ts`);
    });
  });

  test("every case has a name of its own", () => {
    const own = kernelCases[name].map((kernelCase) => kernelCase.name);
    expect(new Set(own).size).toBe(own.length);
  });
});

describe("numbers that both sides hold", () => {
  const constant = (name: KernelName | "lib/attention-statistics", key: string) => {
    const value = new RegExp(`const ${key}: \\w+ = ([^;]+);`).exec(shaderText(name))?.[1];
    return Number(value?.replace(/[uf]$/, ""));
  };

  test("the chunk of a reduction", () => {
    const { WORKGROUP_SIZE, TERMS } = kernels.reduce.tile;
    expect(WORKGROUP_SIZE * TERMS).toBe(REDUCE_CHUNK);
  });

  test("the finite stand-ins", () => {
    expect((["scores", "softmax", "random-couplings"] as const).map((name) => constant(name, "MASKED"))).toEqual(
      Array(3).fill(MASKED),
    );
    expect([constant("reduce", "NOT_FINITE"), constant("anderson-solve", "NOT_FINITE")]).toEqual([
      NOT_FINITE,
      NOT_FINITE,
    ]);
  });

  test("the span at which keys are split", () => {
    expect(constant("lib/attention-statistics", "SPLIT_SPAN")).toBe(SPLIT_SPAN);
  });

  test("the memory and the control numbers of the steady-state solver", () => {
    for (const name of ["anderson-gram", "anderson-solve", "anderson-mix"] as const) {
      expect(constant(name, "MEMORY")).toBe(ANDERSON_MEMORY);
    }
    const members = /struct Control \{([^}]*)\}/.exec(shaderText("anderson-solve"))?.[1] ?? "";
    expect([...members.matchAll(/^\s*(\w+): f32,/gm)].map(([, member]) => member)).toEqual(Object.keys(CONTROL));
    expect(Object.values(CONTROL)).toEqual([...Array(CONTROL_FIELDS).keys()]);
    expect(constant("anderson-mix", "CONTROL_FIELDS")).toBe(CONTROL_FIELDS);
    expect(constant("anderson-mix", "CONTROL_IMPROVED")).toBe(CONTROL.improved);
  });

  test("the streams of the couplings and the shares of the flips", () => {
    const text = textOf("shaders/lib/random-couplings.wgsl");
    const value = (key: string) => Number(new RegExp(`const ${key}: u32 = (\\w+)u;`).exec(text)?.[1]);
    expect(["INDEPENDENT", "SYMMETRIC", "SIGNS", "FLIPS", "PRESENCE"].map((name) => value(`STREAM_${name}`))).toEqual([
      STREAMS.couplings,
      STREAMS.couplingsSymmetric,
      STREAMS.couplingSigns,
      STREAMS.couplingFlips,
      STREAMS.couplingPresence,
    ]);
    // The shader counts on from the symmetric part.
    expect(STREAMS.couplingsAntisymmetric).toBe(STREAMS.couplingsSymmetric + 1);
    expect(["ALL_FLIP", "PLUS_MINUS", "RING"].map(value)).toEqual([FLIP_SHARES, LAWS["plus-minus"], LAWS.ring]);
  });
});

interface Signature {
  readonly arrays: readonly string[];
  readonly params: readonly string[];
  readonly constants: readonly { readonly name: string; readonly type: string }[];
}

/** The members of the three argument types of the twin, read off its source. */
function twinSignature(name: KernelName): Signature {
  const path = `src/reference/${name}.ts`;
  const text = textOf(path);
  const expected = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const functions = parseSync(path, text).program.body.flatMap((statement) => {
    const declared = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    return declared?.type === "FunctionDeclaration" ? [declared] : [];
  });
  const twin = functions.find(({ id }) => id?.name === expected);
  if (twin === undefined) throw new Error(`${path} has no function ${expected}`);
  const [arrays, params, constants = []] = twin.params.map((parameter) => {
    const type = "typeAnnotation" in parameter ? parameter.typeAnnotation?.typeAnnotation : undefined;
    if (type?.type !== "TSTypeLiteral") throw new Error(`${path}: an argument has no literal type`);
    return type.members.flatMap((member) => {
      if (member.type !== "TSPropertySignature" || member.key.type !== "Identifier") return [];
      const written = member.typeAnnotation?.typeAnnotation;
      return [{ name: member.key.name, type: written ? text.slice(written.start, written.end) : "" }];
    });
  });
  return { arrays: arrays.map((array) => array.name), params: params.map((param) => param.name), constants };
}
