/** One table as CSV and as Parquet, read back by pandas and DuckDB as a user would. */
import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeCsv } from "../../src/files/csv.js";
import { writeParquet } from "../../src/files/parquet.js";
import { type Column, describeColumns } from "../../src/files/table.js";
import { describeWithPython, runPython } from "../python.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tables-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Doubles that a careless writer or reader would change. */
const AWKWARD = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -1e21, 123456789012345680, Infinity, -Infinity];

const TABLE: readonly Column[] = [
  { name: "beta", type: "double", unit: "1/J", description: "inverse temperature", values: [...AWKWARD, NaN, null] },
  {
    name: "seed",
    type: "int64",
    description: "seed of the disorder",
    values: [0, -1, 2 ** 31, 2 ** 53 - 1, undefined, 5, 6, 7, 8, 9],
  },
  {
    name: "closure",
    type: "utf8",
    description: "closure",
    values: ["naive", "tap", 'a "quoted", one', "zwei\nZeilen", "β", null, "tap", "tap", "tap", "tap"],
  },
  {
    name: "converged",
    type: "boolean",
    description: "whether the equations are solved",
    values: Array.from({ length: 10 }, (_, k) => k % 3 === 0),
  },
  {
    name: "first",
    type: "boolean",
    description: "sometimes unknown",
    values: [true, false, ...Array<null>(8).fill(null)],
  },
];

const EXPECTED = TABLE.map(({ values }) =>
  [...values].map((value) => (value === undefined || Number.isNaN(value) ? null : value)),
);

/** What DuckDB reads, column by column, with int64 as numbers. */
async function duckdb(query: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    const columns = (await connection.runAndReadAll(query)).getColumns();
    return columns.map((values) => values.map((value) => (typeof value === "bigint" ? Number(value) : value)));
  } finally {
    connection.closeSync();
  }
}

describe("a table", () => {
  it("is the same through CSV", async () => {
    const path = join(folder, "table.csv");
    await writeCsv(path, TABLE);
    const text = await readFile(path, "utf8");
    expect(text.split("\n").slice(0, 2)).toEqual(["beta,seed,closure,converged,first", "0.1,0,naive,true,true"]);
    expect(text).toMatch(/\n,9,tap,true,\n$/);
    expect(await duckdb(`SELECT * FROM '${path}'`)).toEqual(EXPECTED);
  });

  it("is the same through Parquet, to the last bit, with its types and what its columns mean", async () => {
    const path = join(folder, "table.parquet");
    await writeParquet(path, TABLE, { specification: "{}" });
    expect(await duckdb(`SELECT * FROM '${path}'`)).toEqual(EXPECTED);
    const [, types] = await duckdb(`DESCRIBE SELECT * FROM '${path}'`);
    expect(types).toEqual(["DOUBLE", "BIGINT", "VARCHAR", "BOOLEAN", "BOOLEAN"]);
    const [keys, values] = await duckdb(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}') ORDER BY key`,
    );
    expect(keys).toEqual(["columns", "specification"]);
    expect(JSON.parse(String(values[0]))).toEqual(describeColumns(TABLE));
    expect(describeColumns(TABLE)[0]).toEqual({
      name: "beta",
      type: "double",
      unit: "1/J",
      description: "inverse temperature",
    });
  });

  it("has the same bytes every time", async () => {
    for (const [name, write] of [
      ["csv", writeCsv],
      ["parquet", writeParquet],
    ] as const) {
      const [one, two] = [join(folder, `one.${name}`), join(folder, `two.${name}`)];
      await write(one, TABLE);
      await write(two, structuredClone(TABLE));
      expect((await readFile(one)).equals(await readFile(two)), name).toBe(true);
    }
  });

  it("may have no rows, or more than are written at one time", async () => {
    for (const rows of [0, 100_001]) {
      const columns: Column[] = [
        { name: "m", type: "double", description: "", values: Float64Array.from({ length: rows }, (_, k) => k / 7) },
        { name: "k", type: "int64", description: "", values: Array.from({ length: rows }, (_, k) => k) },
      ];
      await writeCsv(join(folder, "long.csv"), columns);
      await writeParquet(join(folder, "long.parquet"), columns);
      for (const name of ["long.csv", "long.parquet"]) {
        const wrong = `count(*) FILTER (k <> expected OR m <> expected / 7.0::DOUBLE)`;
        const numbered = `SELECT *, row_number() OVER () - 1 AS expected FROM '${join(folder, name)}'`;
        expect(await duckdb(`SELECT count(*), ${wrong} FROM (${numbered})`), name).toEqual([[rows], [0]]);
      }
    }
  });

  it("is refused where it is none", async () => {
    const path = join(folder, "none.csv");
    const column = (name: string, values: number[]): Column => ({ name, type: "int64", description: "", values });
    await expect(writeCsv(path, [])).rejects.toThrow("a table needs a column");
    await expect(writeCsv(path, [column("a", [1]), column("a", [1])])).rejects.toThrow("two columns are named a");
    await expect(writeParquet(path, [column("a", [1]), column("b", [])])).rejects.toThrow("column b has 0 rows, not 1");
    await expect(writeParquet(path, [column("a", [1, 0.5])])).rejects.toThrow(
      "column a, row 1: 0.5 is no integer below 2^53",
    );
  });
});

describeWithPython("pandas", () => {
  it("reads the CSV as it is", async () => {
    const path = join(folder, "pandas.csv");
    await writeCsv(path, TABLE);
    const script = `
import json, sys, pandas
table = pandas.read_csv(sys.argv[1], float_precision="round_trip")
print(json.dumps({"types": [str(t).replace("str", "object") for t in table.dtypes], "beta": [repr(x) for x in table.beta], "missing": table.isna().sum().tolist(),
  "seed": table.seed[3], "closure": table.closure.tolist()[:5], "converged": table.converged.tolist(), "true": int((table["first"] == True).sum())}))`;
    expect(JSON.parse(runPython(script, path))).toEqual({
      types: ["float64", "float64", "object", "bool", "object"],
      beta: ["0.1", "0.3333333333333333", "5e-324", "1.7976931348623157e+308", "-1e+21"].concat([
        "1.2345678901234568e+17",
        "inf",
        "-inf",
        "nan",
        "nan",
      ]),
      missing: [2, 1, 1, 0, 8],
      seed: 2 ** 53 - 1,
      closure: TABLE[2].values.slice(0, 5),
      converged: TABLE[3].values,
      true: 1,
    });
  });
});
