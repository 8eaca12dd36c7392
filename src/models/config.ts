import { z } from "zod";
import { knownInstead } from "../torch/nearest";

/** A configuration's class: `new` takes some of the fields, the schema gives the others. */
export interface ConfigClass<S extends z.ZodObject> {
  new (values?: Partial<z.output<S>>): Readonly<z.output<S>>;
  readonly keys: readonly string[];
}

/**
 * Makes the class of a model's configuration, whose fields have the names of `config.json`.
 * Its constructor throws with all problems at once, each naming its key.
 */
export function configClass<S extends z.ZodObject>(owner: string, schema: S): ConfigClass<S> {
  return class {
    static readonly keys = Object.keys(schema.shape);

    constructor(values: unknown = {}) {
      const { success, data, error } = schema.safeParse(values);
      if (!success) throw new Error(explain(owner, error, Object.keys(schema.shape)));
      Object.assign(this, data);
      Object.freeze(this);
    }
  } as unknown as ConfigClass<S>;
}

/** How many classes a `config.json` of another library lists, as `id2label`; none where it does not. */
export function labelCount({ id2label }: Readonly<Record<string, unknown>>): {
  num_labels?: number;
} {
  const isList = typeof id2label === "object" && id2label !== null;
  return isList ? { num_labels: Object.keys(id2label).length } : {};
}

/** The entries of a `config.json` of another library that a configuration knows. */
export function knownEntries(
  { keys }: { readonly keys: readonly string[] },
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

function explain(owner: string, { issues }: z.ZodError, known: readonly string[]): string {
  const problems = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => `${key}: no such key: ${knownInstead(key, known)}`)
      : [`${issue.path.join(".") || "the whole"}: ${issue.message}`],
  );
  return `${owner}: ${problems.join("\n  ")}`;
}

/**
 * Fields that many configurations have. The bounds are far beyond any model there is: a number above is a
 * mistake or an attack, and would take hours or all memory before it failed.
 */
export const field = {
  size: (size: number) =>
    z
      .int()
      .positive()
      .max(2 ** 24)
      .default(size),
  blocks: (count: number) => z.int().min(0).max(2048).default(count),
  count: (count: number) =>
    z
      .int()
      .min(0)
      .max(2 ** 24)
      .default(count),
  probability: (p: number) => z.number().min(0).max(1).default(p),
  positive: (value: number) => z.number().positive().default(value),
  tied: () =>
    z.boolean().default(true).describe("whether words are predicted by their embeddings' weight"),
};
