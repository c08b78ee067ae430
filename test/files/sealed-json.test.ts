import { expect, test } from "vitest";
import { seal, unseal } from "../../src/files/sealed-json.js";

test("numbers that JSON has not, and texts that read like them, come back as what they were", () => {
  const value = {
    name: "NaN",
    numbers: [NaN, Infinity, -Infinity, 1e-300],
    texts: ["Infinity", "-Infinity", "\\NaN", "\\\\NaN", "NaN ", "\\n"],
  };
  expect(unseal(seal(value))).toEqual(value);
  expect(unseal(seal(value, 2))).toEqual(value);
});

test("one changed digit is found", () => {
  expect(unseal(seal({ value: 1 }).replace('"value":1', '"value":2'))).toBe(
    "a checksum that does not fit: edited, or damaged",
  );
});
