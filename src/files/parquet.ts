/** Tables as Apache Parquet, Snappy-compressed; `hyparquet-writer` knows the format. */
import { ByteWriter, parquetWrite } from "hyparquet-writer";
import { writeFileAtomically } from "./atomic-file.js";
import { cellAt, checkTable, type Column, describeColumns } from "./table.js";

const TYPES = { double: "DOUBLE", int64: "INT64", utf8: "STRING", boolean: "BOOLEAN" } as const;

/** Rows that are encoded at one time, a row group of the file. */
const ROWS_A_GROUP = 100_000;

/**
 * Write a table as Parquet, whole or not at all; the same table gives the same bytes. Every column is nullable, whether or
 * not a cell is missing, so that tables of different runs have one schema. The file's key-value metadata has the names, types,
 * units and descriptions of the columns under `columns`, as JSON.
 *
 * @param path the file to make or replace
 * @param columns in the order of the file
 * @param metadata more key-value metadata
 * @throws Error when the columns are no table; OutputError when the system refuses
 */
export async function writeParquet(
  path: string,
  columns: readonly Column[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const rows = checkTable(columns);
  await writeFileAtomically(path, async (write) => {
    const writer = new FlushedWriter(write);
    const described = JSON.stringify(describeColumns(columns));
    await parquetWrite({
      writer,
      columnData: columns.map((column) => ({
        name: column.name,
        type: TYPES[column.type],
        nullable: true,
        data: Array.from({ length: rows }, (_, row) => {
          const cell = cellAt(column, row);
          return column.type === "int64" && typeof cell === "number" ? BigInt(cell) : cell;
        }),
      })),
      rowGroupSize: ROWS_A_GROUP,
      kvMetadata: Object.entries({ columns: described, ...metadata }).map(([key, value]) => ({ key, value })),
      createdBy: "onsager (hyparquet-writer)",
    });
    await writer.flush();
  });
}

/** Hands its bytes on after every row group. */
class FlushedWriter extends ByteWriter {
  constructor(private readonly write: (bytes: Uint8Array) => Promise<void>) {
    super();
  }

  async flush(): Promise<void> {
    await this.write(this.getBytes());
    this.index = 0;
  }
}
