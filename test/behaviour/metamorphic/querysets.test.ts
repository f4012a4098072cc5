/**
 * Random chains of queryset methods, and what holds of every one: it gives the same rows and annotations on the database of
 * the ring, on an SQLite beside it, and without the cache of shapes; count(), exists(), slices, unions and the other ways to
 * ask agree with its rows. Each chain is tried against the first three and a choice of the other laws.
 */
import {
  Avg,
  atomic,
  Case,
  Coalesce,
  Concat,
  Count,
  Decimal,
  Exists,
  ExtractYear,
  F,
  KT,
  Length,
  Lower,
  Max,
  Min,
  OuterRef,
  setRollback,
  Subquery,
  Sum,
  TruncMonth,
  TruncYear,
  Upper,
  Value,
  When,
  Window,
} from "babik";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { shapeCache } from "../../../src/orm/shape.js";
import { testDatabase } from "../../support/database.js";
import { singleTrees, toQ, type Tree, trees } from "../../support/depot/conditions.js";
import { everything, openDepot, Sale, Ware, wares } from "../../support/depot/models.js";
import { options, patience, runs, seed } from "../../support/depot/runs.js";

const orm = await openDepot((await testDatabase()).url);
afterAll(() => orm.close());

/** A queryset, seen loosely: what a chain gathers is random, so no type knows it. */
type Chained =
  | "filter"
  | "exclude"
  | "and"
  | "or"
  | "xor"
  | "distinct"
  | "annotate"
  | "orderBy"
  | "reverse"
  | "values"
  | "valuesList"
  | "union"
  | "intersection"
  | "difference"
  | "slice"
  | "selectRelated"
  | "prefetchRelated"
  | "only"
  | "defer"
  | "all";
type Ending = "count" | "exists" | "first" | "last" | "aggregate" | "inBulk" | "contains" | "update" | "delete";
interface Qs
  extends
    PromiseLike<Record<string, unknown>[]>,
    Readonly<Record<Chained, (...args: unknown[]) => Qs>>,
    Readonly<Record<Ending, (...args: unknown[]) => Promise<unknown>>> {
  iterator(options: object): AsyncIterable<unknown>;
}
const start = (using: string): Qs => Ware.objects.using(using) as never;
const any = (x: unknown): never => x as never;

// ---- random chains --------------------------------------------------------------------------------------------------
const later = (path: string) =>
  Subquery(
    any(
      Sale.objects
        .filter(any({ ware: OuterRef("pk") }))
        .orderBy("-pk")
        .values(any(path))
        .slice(0, 1),
    ),
  );
/** Calculated values of one row; `tree` decides where one is decided. */
const expressions: Readonly<Record<string, (tree: Tree) => unknown>> = {
  sum: () => F("size").add(F("stock")),
  product: () => F("stock").mul(2).sub(F("kind__rank")),
  price: () => F("price").mul("1.50"),
  either: () => Coalesce("note", Value("-")),
  joined: () => Concat("name", Value("/"), "note"),
  lower: () => Lower("kind__name"),
  upper: () => Upper("name"),
  length: () => Length("note"),
  year: () => ExtractYear("made"),
  month: () => TruncMonth("made"),
  moment: () => TruncYear("at"),
  key: () => KT("data__s"),
  deep: () => F("data__o__p"),
  latest: () => later("amount"),
  buyer: () => later("by"),
  sold: () => Exists(Sale.objects.filter(any({ ware: OuterRef("pk"), amount__gt: 1 }))),
  decided: (tree) =>
    Case(When(any(toQ(tree)), { then: Value("yes") }), When(any(toQ(tree).not()), { then: Value("no") }), {
      default: Value("unknown"),
    }),
  window: () => Window(Sum("stock"), { partitionBy: ["kind"] }),
};
const aggregates: Readonly<Record<string, (tree: Tree) => unknown>> = {
  count: () => Count("sales"),
  distinct: () => Count("tags", { distinct: true }),
  total: () => Sum("sales__amount"),
  least: () => Min("tags__weight"),
  most: () => Max("sales__amount"),
  mean: () => Avg("sales__amount"),
  some: (tree) => Count("sales", { filter: any(toQ(tree)) }),
  worth: (tree) => Sum("stock", { filter: any(toQ(tree)), default: -1 }),
};
type Step =
  | { readonly method: "filter" | "exclude" | "and" | "or" | "xor"; readonly tree: Tree }
  | { readonly method: "annotate"; readonly what: string; readonly tree: Tree }
  | { readonly method: "aggregate"; readonly what: string; readonly tree: Tree; readonly least: number | null }
  | { readonly method: "distinct" };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ method: fc.constantFrom("filter", "exclude"), tree: trees }) },
  { weight: 2, arbitrary: fc.record({ method: fc.constantFrom("and", "or", "xor"), tree: trees }) },
  {
    weight: 3,
    arbitrary: fc.record({
      method: fc.constant("annotate"),
      what: fc.constantFrom(...Object.keys(expressions)),
      tree: singleTrees,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      method: fc.constant("aggregate"),
      what: fc.constantFrom(...Object.keys(aggregates)),
      tree: singleTrees,
      least: fc.option(fc.integer({ min: 0, max: 4 })),
    }),
  },
  fc.record({ method: fc.constant("distinct") }),
) as fc.Arbitrary<Step>;
interface Chain {
  readonly steps: readonly Step[];
  /** Laws beside the first three, by position in their list. */
  readonly laws: readonly number[];
}

/** The queryset of a chain, and the names that it annotates. Two querysets are combined only as long as they have no annotations. */
function build(steps: readonly Step[], using: string): { qs: Qs; names: string[] } {
  let qs = start(using);
  const names: string[] = [];
  for (const [i, s] of steps.entries()) {
    if (s.method === "distinct") qs = qs.distinct();
    else if (s.method === "filter" || s.method === "exclude") qs = qs[s.method](toQ(s.tree));
    else if (s.method === "annotate" || s.method === "aggregate") {
      const name = `x${i}`;
      names.push(name);
      qs = qs.annotate({ [name]: (s.method === "annotate" ? expressions : aggregates)[s.what]!(s.tree) });
      if (s.method === "aggregate" && s.least !== null) qs = qs.filter({ [`${name}__gte`]: s.least });
    } else if (names.length === 0 && !steps.slice(0, i).some((t) => t.method === "distinct"))
      qs = qs[s.method](start(using).filter(toQ(s.tree)));
    else qs = qs.filter(toQ(s.tree));
  }
  return { qs, names };
}

// ---- rows in one form -------------------------------------------------------------------------------------------------
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return Number(value.toFixed(6));
  if (Decimal.isDecimal(value)) return `${String(Number(value))}d`;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
    ? String(value)
    : value;
}
const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);
const unique = (list: readonly number[]): number[] => sorted([...new Set(list)]);
const pk = (row: unknown): number => Number((row as { pk: unknown }).pk);
const pks = async (qs: Qs): Promise<number[]> =>
  ((await qs.orderBy("pk").valuesList("pk", { flat: true })) as unknown[]).map(Number);
/** All rows with their annotations, in one order. */
async function rowsOf(steps: readonly Step[], using: string): Promise<unknown[]> {
  const { qs, names } = build(steps, using);
  const rows = (await qs.orderBy("pk").valuesList("pk", ...names)) as unknown as unknown[][];
  return rows.map((r) => JSON.stringify(r.map(plain))).sort();
}
const byKey = new Map(wares.map((w) => [w["id"] as number, w]));
const tally = (list: readonly unknown[]): Record<string, number> => {
  const out = new Map<string, number>();
  for (const x of list) out.set(String(x), (out.get(String(x)) ?? 0) + 1);
  return Object.fromEntries([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
};

// ---- the laws -----------------------------------------------------------------------------------------------------------
interface Case_ {
  readonly qs: Qs;
  readonly all: readonly number[];
  readonly names: readonly string[];
  readonly steps: readonly Step[];
}
/** Chains of filters only: later calls mean the same rows. */
const filters = ({ steps }: Case_): boolean => steps.every((s) => s.method === "filter" || s.method === "exclude");
type Law = readonly [string, (c: Case_) => Promise<readonly [got: unknown, want: unknown] | null>];
const laws: readonly Law[] = [
  ["the same again", async ({ steps, all }) => [await pks(build(steps, "default").qs), all]],
  ["count()", async ({ qs, all }) => [await qs.count(), all.length]],
  ["exists()", async ({ qs, all }) => [await qs.exists(), all.length > 0]],
  ["instances", async ({ qs, all }) => [(await qs.orderBy("pk")).map(pk), all]],
  ["values()", async ({ qs, all }) => [(await qs.orderBy("pk").values("pk", "name", "kind__name")).map(pk), all]],
  ["the opposite order", async ({ qs, all }) => [(await pks(qs.reverse())).length, all.length]],
  ["reverse()", async ({ qs, all }) => [(await qs.orderBy("pk").reverse()).map(pk), all.toReversed()]],
  ["a slice", async ({ qs, all }) => [(await qs.orderBy("pk").slice(1, 4)).map(pk), all.slice(1, 4)]],
  ["count() of a slice", async ({ qs, all }) => [await qs.orderBy("pk").slice(1, 4).count(), all.slice(1, 4).length]],
  [
    "slices one after the other",
    async ({ qs, all }) => {
      const ordered = qs.orderBy("pk");
      const parts = [await ordered.slice(0, 3), await ordered.slice(3, 6), await ordered.slice(6)];
      return [parts.flat().map(pk), all];
    },
  ],
  ["first()", async ({ qs, all }) => [pk((await qs.orderBy("pk").first()) ?? { pk: -1 }), all[0] ?? -1]],
  ["last()", async ({ qs, all }) => [pk((await qs.orderBy("pk").last()) ?? { pk: -1 }), all.at(-1) ?? -1]],
  [
    "iterator()",
    async ({ qs, all }) => {
      const seen: number[] = [];
      for await (const row of qs.orderBy("pk").iterator({ chunkSize: 3 })) seen.push(pk(row));
      return [seen, all];
    },
  ],
  ["distinct()", async ({ qs, all }) => [await pks(qs.distinct()), unique(all)]],
  ["in", async ({ qs, all }) => [await pks(start("default").filter({ pk__in: qs.values("pk") })), unique(all)]],
  [
    "not in",
    async ({ qs, all }) => [
      await pks(start("default").exclude({ pk__in: qs.values("pk") })),
      everything.filter((key) => !all.includes(key)),
    ],
  ],
  [
    "its halves",
    async ({ qs, all }) => [[...(await pks(qs.filter({ pk__lt: 7 }))), ...(await pks(qs.exclude({ pk__lt: 7 })))], all],
  ],
  [
    "union()",
    async ({ qs, all }) => {
      const [low, high] = halves(qs);
      return [sorted((await low.union(high)).map(pk)), unique(all)];
    },
  ],
  [
    "count() of a union of all",
    async ({ qs, all }) => {
      const [low, high] = halves(qs);
      return [await low.union(high, { all: true }).count(), all.length];
    },
  ],
  [
    "intersection() and difference()",
    async ({ qs, all }) => {
      const keys = qs.orderBy().values("pk"),
        some = start("default")
          .filter({ pk__in: [1, 2, 3, 5, 8, 13] })
          .values("pk");
      const common = (await keys.intersection(some)).map(pk),
        rest = (await keys.difference(some)).map(pk);
      const want = (inside: boolean): number[] =>
        unique(all).filter((key) => [1, 2, 3, 5, 8, 13].includes(key) === inside);
      return [
        [sorted(common), sorted(rest)],
        [want(true), want(false)],
      ];
    },
  ],
  [
    "aggregate()",
    async ({ qs, all }) => {
      const got = (await qs.aggregate({
        n: Count("pk"),
        stock: Sum("stock"),
        least: Min("size"),
        price: Sum("price"),
      })) as Record<string, unknown>;
      const rows = all.map((key) => byKey.get(key)!);
      const known = (name: string): number[] => rows.map((r) => r[name]).filter((x) => x !== null) as number[];
      const sum = (list: readonly number[]): number | null =>
        list.length === 0 ? null : list.reduce((a, b) => a + b, 0);
      const numeric = (x: unknown): number | null => (x === null ? null : Number(x));
      return [
        [got["n"], numeric(got["stock"]), got["least"], numeric(got["price"])],
        [
          all.length,
          sum(known("stock")),
          known("size").length === 0 ? null : Math.min(...known("size")),
          sum(known("price")),
        ],
      ];
    },
  ],
  [
    "groups",
    async (c) => {
      if (!filters(c)) return null;
      const rows = (await c.qs
        .values("kind")
        .annotate({ n: Count("pk") })
        .orderBy("kind")) as Record<string, unknown>[];
      const got = Object.fromEntries(
        rows.map((r) => [String(r["kind"]), Number(r["n"])]).sort(([a], [b]) => (a! < b! ? -1 : 1)),
      );
      return [got, tally(c.all.map((key) => byKey.get(key)!["kind"]))];
    },
  ],
  [
    "what it is joined with",
    async ({ qs, all }) => {
      const rows = (await qs.orderBy("pk").selectRelated("kind__parent").prefetchRelated("tags")) as unknown as {
        pk: unknown;
        kind: { pk: unknown } | null;
        tags: Qs;
      }[];
      const got: unknown[] = [];
      for (const row of rows)
        got.push([pk(row), row.kind === null ? null : pk(row.kind), sorted((await row.tags.all()).map(pk))]);
      return [got, all.map((key) => [key, byKey.get(key)!["kind"], byKey.get(key)!.tags])];
    },
  ],
  [
    "only() and defer()",
    async ({ qs, all }) => [
      [(await qs.orderBy("pk").only("name")).map(pk), (await qs.orderBy("pk").defer("data", "kind")).map(pk)],
      [all, all],
    ],
  ],
  [
    "inBulk() and contains()",
    async ({ qs, all }) => {
      const found = (await qs.inBulk([1, 4, 9])) as Map<unknown, unknown>;
      const one = await Ware.objects.get({ pk: 4 });
      return [
        [sorted([...found.keys()].map(Number)), await qs.contains(one)],
        [[1, 4, 9].filter((key) => all.includes(key)), all.includes(4)],
      ];
    },
  ],
  [
    "update()",
    async ({ qs, all }) =>
      undone(async () => {
        const changed = await qs.update({ stock: F("stock").add(100) });
        return [
          [changed, await pks(start("default").filter({ stock__gte: 90 }))],
          [unique(all).length, unique(all)],
        ];
      }),
  ],
  [
    "delete()",
    async ({ qs, all }) =>
      undone(async () => {
        const [, counts] = (await qs.delete()) as [number, Record<string, number>];
        return [
          [counts["depot.Ware"] ?? 0, await pks(start("default"))],
          [unique(all).length, everything.filter((key) => !all.includes(key))],
        ];
      }),
  ],
];
function halves(qs: Qs): readonly [Qs, Qs] {
  return [qs.filter({ pk__lt: 7 }).orderBy().values("pk"), qs.filter({ pk__gte: 7 }).orderBy().values("pk")];
}
/** Runs in a transaction that is taken back. */
function undone<T>(work: () => Promise<T>): Promise<T> {
  return atomic(async () => {
    try {
      return await work();
    } finally {
      setRollback(true);
    }
  });
}

const chains: fc.Arbitrary<Chain> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  laws: fc.uniqueArray(fc.nat({ max: laws.length - 1 }), { minLength: 5, maxLength: 6 }),
});
const tried = laws.map(() => 0);

test(`a queryset is the same everywhere, and all its forms agree (seed ${seed})`, patience, async () => {
  await fc.assert(
    fc.asyncProperty(chains, async ({ steps, laws: chosen }) => {
      const label = JSON.stringify(steps);
      const law = (name: string, got: unknown, want: unknown): void =>
        expect([label, name, got]).toEqual([label, name, want]);
      const rows = await rowsOf(steps, "default");
      law("on SQLite", await rowsOf(steps, "beside"), rows);
      shapeCache.enabled = false;
      try {
        law("without the cache of shapes", await rowsOf(steps, "default"), rows);
      } finally {
        shapeCache.enabled = process.env["BABIK_SHAPE_CACHE"] !== "off";
      }
      const { qs, names } = build(steps, "default");
      const all = await pks(qs);
      law("its rows and its keys", sorted(rows.map((r) => (JSON.parse(String(r)) as number[])[0]!)), all);
      for (const i of chosen) {
        const [name, hold] = laws[i]!;
        const outcome = await hold({ qs, all, names, steps });
        if (outcome === null) continue;
        tried[i]!++;
        law(name, outcome[0], outcome[1]);
      }
    }),
    options,
  );
  if (runs >= 200)
    for (const [i, n] of tried.entries()) expect([laws[i]![0], n]).toEqual([laws[i]![0], Math.max(n, 1)]);
});
