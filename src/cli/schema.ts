/** `onsager schema`: the JSON Schema of what users write. */
import { z } from "zod";
import { InputError } from "../physics/input-error.js";
import { systemSchema } from "../physics/system.js";
import { documentSchema, sweepSchema } from "../sweep/spec-schema.js";
import type { Session } from "./session.js";

export const schemaNames = ["sweep", "system"] as const;

const DIALECT = { io: "input", unrepresentable: "any" } as const;

/** @throws InputError for a name that is none of `schemaNames` */
export function schemaCommand(name: string, { print }: Session): void {
  if (name === "system") print(text("An Onsager system", z.toJSONSchema(systemSchema, DIALECT)));
  else if (name === "sweep") print(text("An Onsager sweep", sweepDocument()));
  else throw new InputError("schema", name, schemaNames.join(" or "));
}

/** A sweep holds a system of which the axes may fill in any key, so none is required. */
function sweepDocument(): object {
  const system: z.core.JSONSchema.BaseSchema = z.toJSONSchema(systemSchema.partial(), DIALECT);
  delete system.$schema;
  return z.toJSONSchema(documentSchema, {
    ...DIALECT,
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== sweepSchema.shape.system) return;
      delete jsonSchema.propertyNames;
      Object.assign(jsonSchema, system);
    },
  });
}

const text = (title: string, schema: object) => JSON.stringify({ title, ...schema }, null, 2);
