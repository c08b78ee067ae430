import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDocument } from "../../src/files/documents.js";
import { findJsonProblem } from "../../src/files/json-scanner.js";
import { InputError } from "../../src/physics/input-error.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "documents-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function read(name: string, text: string | Uint8Array): Promise<unknown> {
  const path = join(folder, name);
  await writeFile(path, text);
  return readDocument(path);
}

describe("readDocument", () => {
  it("reads YAML and JSON by extension, and by content without one", async () => {
    const expected = { beta: [0.5, 1], name: "sweep", nested: { on: "no" } };
    expect(await read("a.yaml", "beta: [0.5, 1]\nname: sweep # comment\nnested:\n  on: no\n")).toEqual(expected);
    expect(await read("a.json", JSON.stringify(expected))).toEqual(expected);
    expect(await read("a.txt", `\n ${JSON.stringify(expected)}`)).toEqual(expected);
    expect(await read("b.txt", "beta: [0.5, 1]\nname: sweep\nnested: {on: no}")).toEqual(expected);
    expect(await read("bom.json", "\ufeff[1]")).toEqual([1]);
  });

  it("allows a key again in another object", async () => {
    const text = '{"a": {"a": 1, "b": "a:{"}, "b": [{"a": 1}, {"a": 2}]}';
    expect(await read("nested.json", text)).toEqual(JSON.parse(text));
  });

  it.each([
    ["dup.yaml", "beta: 1\nmodel: x\nbeta: 2\n", /dup\.yaml:3:1: found .*unique/],
    ["dup.json", '{"a": 1,\n "b": {"c": 1, "\\u0063": 2}}', /dup\.json:2:16: found a second key "c"/],
    ["bad.yaml", "beta: [1, 2\nmodel: x\n", /bad\.yaml:\d+:\d+: found a syntax error/],
    ["tab.yaml", "a:\n\tb: 1\n", /tab\.yaml:2:1/],
    ["bad.json", '{"a": 1,\n "b": }', /bad\.json:2:7: found }, expected a value/],
    ["comma.json", "[1, 2,]", /comma\.json:1:7: found \], expected a value/],
    ["number.json", "[01]", /number\.json:1:2/],
    ["quote.json", "{'a': 1}", /quote\.json:1:2: found 'a': 1}, expected a key in double quotes/],
    ["more.json", "{} x", /more\.json:1:4: found x, expected the end/],
    ["cut.json", '{"a": 1,\n', /cut\.json:2:1/],
    ["tag.yaml", "a: !python x\n", /tag\.yaml:1:4/],
    ["two.yaml", "a: 1\n---\nb: 1\n", /two\.yaml/],
    ["empty.yaml", "# nothing\n", /an empty document/],
    ["bytes.yaml", new Uint8Array([0xff, 0xfe, 0x00]), /not UTF-8/],
  ])("rejects %s in one line", async (name, text, message) => {
    const error: unknown = await read(name, text).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toMatch(message);
    expect((error as InputError).message).not.toContain("\n");
  });

  it("agrees with JSON.parse on what JSON is", () => {
    const texts = [
      "1",
      "-0.5e+3",
      "1.",
      ".5",
      "+1",
      '"\\u00e9\\n"',
      '"\\x"',
      '"\t"',
      "nul",
      "true",
      "truex",
      "[]",
      "[,]",
      "[1 2]",
    ];
    texts.push(
      '{"a":{}}',
      "{,}",
      '{"a"}',
      "",
      " ",
      "\u00a01",
      "[[[]]]",
      "[[[]]",
      '"\u007f\u2028"',
      "NaN",
      "0x1",
      '{"a":1,}',
    );
    for (const text of texts) {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      expect(findJsonProblem(text) === undefined, text).toBe(valid);
    }
  });

  it("names a file that is missing, and a folder", async () => {
    await expect(readDocument(join(folder, "none.yaml"))).rejects.toThrow(
      /none\.yaml: found no such file, expected a YAML/,
    );
    await expect(readDocument(folder)).rejects.toThrow(/found a folder/);
  });
});
