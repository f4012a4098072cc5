/**
 * Random names and values against one database. Many values go with one statement; JavaScript says which rows have to come back.
 * A run fails at the first untyped error, wrong row, lost canary or changed prototype.
 */
import { isDeepStrictEqual } from "node:util";
import { BabikError, CharField, DatabaseError, FloatField, JSONField, model, Q, TextField, Value } from "babik";
import fc from "fast-check";

export class Item extends model("Item", {
  text: TextField(),
  number: FloatField({ null: true }),
  data: JSONField({ null: true }),
}) {}
export class Canary extends model("Canary", { name: CharField({ maxLength: 20 }) }) {}

interface Loose extends PromiseLike<Record<string, unknown>[]> {
  filter(...c: unknown[]): Loose;
  annotate(...c: unknown[]): Loose;
  orderBy(...c: unknown[]): Loose;
  valuesList(...c: unknown[]): PromiseLike<unknown[]>;
  bulkCreate(rows: object[]): Promise<unknown>;
  delete(): Promise<unknown>;
  count(): Promise<number>;
  all(): Loose;
}
const items = (): Loose => Item.objects.all() as never;

/** Texts that have hurt somebody, to be found among random ones. */
export const TEXTS: readonly string[] = [
  "",
  "'",
  '"',
  "`",
  "\\",
  "\\'",
  "--",
  "/*",
  "%",
  "_",
  "\\%",
  "a_b",
  "a%b",
  "$1",
  "?",
  ":x",
  "%s",
  "%(x)s",
  "$$",
  "NULL",
  "null",
  "'; DROP TABLE fuzz_canary; --",
  '" OR 1=1 --',
  "x' OR 'x'='x",
  "0",
  "1e5",
  " ",
  "é",
  "e\u0301",
  "ß",
  "İ",
  "😀",
  "\u2028",
  "\ufeff",
  "[object Object]",
  "__proto__",
  "constructor",
  "true",
  "a\nb",
  "a\tb",
  "\u200f",
  "{}",
  "[]",
  "*",
  "$.a",
  "a.b",
  "a->b",
];
const NUMBERS: readonly number[] = [
  0,
  1,
  -1,
  0.1,
  1.5,
  1e21,
  5e-324,
  1.7976931348623157e308,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  1e-7,
];
const DOCUMENTS: readonly Record<string, unknown>[] = TEXTS.filter((t) => t !== "").map((t, i) => ({
  [t]: i,
  common: t,
}));

/** What was tried, by kind. */
export type Tally = Record<string, number>;
export class Wrong extends Error {}
function must(ok: boolean, what: string, facts: unknown): asserts ok {
  if (!ok) throw new Wrong(`${what}: ${JSON.stringify(facts)?.slice(0, 2000)}`);
}
const typed = (error: unknown, what: string, given: unknown): void =>
  must(error instanceof BabikError, `${what} failed with a bare error ${String(error)}`, given);

const hostile = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  {
    weight: 2,
    arbitrary: fc.string({ unit: fc.constantFrom(..."'\"`\\;-#%_$?:.[]{}()*/ a1\n".split("")), maxLength: 16 }),
  },
  fc.constantFrom(...TEXTS),
);
const wellFormed = hostile.filter((t) => !t.includes("\0"));
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
  fc.integer(),
  fc.constantFrom(...NUMBERS),
);
const objects = fc.oneof(
  fc.object({ maxDepth: 2, maxKeys: 3 }),
  fc.array(fc.anything({ maxDepth: 1 }), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("$gt", "__proto__", "kind", "settings", "toString", "then", "sql"), fc.string(), {
    maxKeys: 3,
  }),
);
// What at least one of the databases cannot hold: NUL, and halves of signs.
const unholdable = fc
  .tuple(hostile, fc.constantFrom("\0", "\ud800", "\udc00"), hostile)
  .map(([a, odd, b]) => `${a.slice(0, 4)}${odd}${b.slice(0, 4)}`);
const documents = fc.oneof(
  fc.constantFrom(...DOCUMENTS),
  fc.dictionary(wellFormed, fc.oneof(wellFormed, fc.integer(), fc.boolean()), { maxKeys: 3, noNullPrototype: true }),
);
const FIELDS = new Set(["id", "pk", "text", "number", "data", "__proto__", "constructor", "prototype"]);
// What every instance has, by whatever way: no alias can be called so.
const TAKEN = new Set(["pk", "prototype", "then"]);
for (let o: object = Item.prototype as object; o !== null; o = Object.getPrototypeOf(o) as object)
  for (const name of Object.getOwnPropertyNames(o)) TAKEN.add(name);
const ALIAS = /^[A-Za-z_][A-Za-z0-9_]*$/;
const WORDS =
  /^(?:-?\d+|contains|contained_by|has_keys?|has_any_keys|i?exact|in|isnull|[gl]te?|range|i?(?:contains|startswith|endswith|regex))$/;

/** Fills the tables. */
export async function fill(): Promise<void> {
  for (const name of ["one", "two", "three"]) await Canary.objects.create({ name });
  const rows = [
    ...TEXTS.map((text) => new Item({ text })),
    ...NUMBERS.map((number) => new Item({ text: "number", number })),
    ...DOCUMENTS.map((data) => new Item({ text: "document", data } as never)),
  ];
  await items().bulkCreate(rows);
}
export interface Session {
  /** Databases whose texts are equal in any case and accent; there a row may come for a text that resembles its own. */
  readonly exactText: boolean;
  readonly hyphenKeys: boolean;
  /** Told after each round how many values were tried. */
  progress?(done: number): void;
}

/** Tries at least `count` values, drawn from `seed`. */
export async function fuzz(count: number, seed: number, session: Session, tally: Tally = {}): Promise<Tally> {
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  const total = await items().count();
  let done = 0,
    round = 0;
  const note = (kind: string, n: number): void => {
    tally[kind] = (tally[kind] ?? 0) + n;
    done += n;
  };
  const draw = <T>(arbitrary: fc.Arbitrary<T>, n: number): T[] =>
    fc.sample(arbitrary, { numRuns: n, seed: (seed + 7919 * round++) | 0 });
  while (done < count) {
    // Texts as values: exactly the rows with one of them.
    const texts = draw(wellFormed, 500);
    const found = (await items().filter({ text__in: texts }).valuesList("text", { flat: true })) as string[];
    const set = new Set(texts);
    if (session.exactText)
      must(
        found.every((t) => set.has(t)),
        "text__in gave a row of another text",
        found,
      );
    must(
      TEXTS.every((t) => !set.has(t) || found.includes(t)),
      "text__in missed a row",
      texts.slice(0, 20),
    );
    note("texts as values", texts.length);
    // Texts as patterns.
    const parts = draw(
      wellFormed.filter((t) => t !== ""),
      25,
    );
    const like = (await items()
      .filter(Q.or(...(parts.map((p) => Q({ text__contains: p })) as never[])))
      .valuesList("text", { flat: true })) as string[];
    const want = [...TEXTS, ...NUMBERS.map(() => "number"), ...DOCUMENTS.map(() => "document")].filter((t) =>
      parts.some((p) => t.includes(p)),
    );
    // LIKE of SQLite, and the collations of MariaDB, do not tell small letters from capitals.
    must(like.length >= want.length, "text__contains missed rows", { parts, like, want });
    if (session.exactText)
      must(
        like.every((t) => parts.some((p) => t.toLowerCase().includes(p.toLowerCase()))),
        "text__contains gave a row of another text",
        { parts, like },
      );
    note("texts as patterns", parts.length);
    // Numbers as values.
    const values = draw(numbers, 500);
    const same = (await items().filter({ number__in: values }).valuesList("number", { flat: true })) as number[];
    must(
      JSON.stringify(same.toSorted()) === JSON.stringify(NUMBERS.filter((n) => values.includes(n)).toSorted()),
      "number__in gave other rows",
      same,
    );
    note("numbers as values", values.length);
    // Keys of documents: each is one key, whatever is in it.
    const keys = draw(wellFormed, 60).filter(
      (k) =>
        k !== "" &&
        !k.includes("__") &&
        !k.endsWith("_") &&
        !k.startsWith("_") &&
        !WORDS.test(k) &&
        (session.hyphenKeys || !k.startsWith("-")),
    );
    if (keys.length > 0) {
      const rows = await items().filter(Q.or(...(keys.map((k) => Q({ [`data__${k}__isnull`]: false })) as never[])));
      const wanted = DOCUMENTS.filter((d) => keys.some((k) => Object.hasOwn(d, k)));
      must(rows.length === wanted.length, "a key of a document found other rows", {
        keys,
        rows: rows.map((r) => r["data"]),
      });
      // As orders they give every row once.
      const ordered = await items()
        .orderBy(...keys.map((k, i) => `${i % 2 === 0 ? "" : "-"}data__${k}`), "pk")
        .valuesList("pk", { flat: true });
      must(new Set(ordered).size === total && ordered.length === total, "an order by keys lost rows", keys);
      note("JSON paths", keys.length);
    }
    // Documents as values: only those that are equal.
    const given = draw(documents, 12).filter((d) => !Object.hasOwn(d, "__proto__"));
    const alike = await items().filter(Q.or(...(given.map((d) => Q({ data: d })) as never[])));
    const equal = DOCUMENTS.filter((d) => given.some((g) => isDeepStrictEqual(g, d)));
    must(
      session.exactText ? alike.length === equal.length : alike.length >= equal.length,
      "documents as values found other rows",
      { given, found: alike.map((r) => r["data"]) },
    );
    note("documents as values", given.length);
    // Texts that cannot be held: refused, or no row has them.
    for (const text of draw(unholdable, 30)) {
      try {
        must((await items().filter({ text }).count()) === 0, "a text that no row can hold found rows", text);
      } catch (error) {
        if (error instanceof Wrong) throw error;
        typed(error, "a text that cannot be held", text);
        must(!(error instanceof DatabaseError), "a text that cannot be held was sent", text);
      }
    }
    note("texts that cannot be held", 30);
    // Names: nothing but what is allowed is accepted, and nothing is sent.
    const accepted: string[] = [];
    for (const name of draw(hostile, 400)) {
      let ok = true;
      try {
        items().annotate({ [name]: Value(1) });
      } catch (error) {
        typed(error, "an alias", name);
        ok = false;
      }
      must(
        ok === (ALIAS.test(name) && !TAKEN.has(name)) || FIELDS.has(name),
        "an alias was accepted or refused wrongly",
        name,
      );
      if (ok && !FIELDS.has(name) && !accepted.some((a) => a.toLowerCase() === name.toLowerCase())) accepted.push(name);
    }
    if (accepted.length > 0) {
      const [row] = await items()
        .annotate(Object.fromEntries(accepted.map((name, i) => [name, Value(i)])))
        .orderBy("pk");
      must(
        accepted.every((name, i) => row![name] === i),
        "an alias gave another value",
        accepted,
      );
    }
    note("aliases", 400);
    for (const term of draw(hostile, 300)) {
      try {
        items().orderBy(term);
        must(
          term === "?" || FIELDS.has(term.replace(/^-/, "")) || term.startsWith("data__"),
          "an order was accepted",
          term,
        );
      } catch (error) {
        if (error instanceof Wrong) throw error;
        typed(error, "an order", term);
      }
    }
    note("order terms", 300);
    for (const path of draw(hostile, 300)) {
      try {
        items().filter({ [path]: "1" });
        must(FIELDS.has(path), "a path was accepted", path);
      } catch (error) {
        if (error instanceof Wrong) throw error;
        typed(error, "a path", path);
      }
    }
    note("keys of conditions", 300);
    for (const value of draw(objects, 400))
      for (const path of ["text", "number"]) {
        try {
          items().filter({ [path]: value });
          must(false, "an object was accepted as a value", value);
        } catch (error) {
          if (error instanceof Wrong) throw error;
          typed(error, "an object as a value", typeof value);
        }
      }
    note("objects as values", 400);
    // What is written comes back the same.
    const written = draw(wellFormed, 250);
    await items().bulkCreate(written.map((text) => new Item({ text, number: -123 })));
    const read = (await items().filter({ number: -123 }).orderBy("pk").valuesList("text", { flat: true })) as string[];
    must(JSON.stringify(read) === JSON.stringify(written), "texts came back changed", { written, read });
    await items().filter({ number: -123 }).delete();
    note("texts written", written.length);
    must((await Canary.objects.count()) === 3 && (await items().count()) === total, "rows are lost", round);
    must(Object.getOwnPropertyNames(Object.prototype).join() === before, "Object.prototype was changed", round);
    session.progress?.(done);
  }
  return tally;
}
