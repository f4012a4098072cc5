/** Random conditions on wares, as data: what they are for babik (`toQ`), and what they mean (`holds`, `joined`). */
import { Exists, F, OuterRef, Q } from "babik";
import fc from "fast-check";
import { Kind, kinds, type Row, Sale, sales, tags, wares } from "./models.js";

/** A column on the right side: plain, or with a number added. */
interface Column {
  readonly column: string;
  readonly plus?: number;
}
export interface Leaf {
  /** A path to a column; `sum` and `exists` are expressions instead. */
  readonly path: string;
  /** What is made of the column before it is compared, as in `made__year`. */
  readonly part?: string;
  readonly lookup: string;
  readonly value: unknown;
}
export type Tree =
  | { readonly leaf: Leaf }
  | { readonly op: "and" | "or" | "xor" | "not"; readonly of: readonly Tree[] };

// ---- making ---------------------------------------------------------------------------------------------------------
const number = fc.integer({ min: -1, max: 5 });
const word = fc.constantFrom(..."axe saw a%b a % iron red red_ _ old new ann wood ore".split(" "), "");
const comparisons = ["exact", "gt", "gte", "lt", "lte"] as const;
const leaf = (path: string, lookup: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>, part?: string) =>
  fc.record({ path: fc.constant(path), lookup, value }).map((l): Leaf => (part === undefined ? l : { ...l, part }));
const isnull = (path: string, part?: string) => leaf(path, fc.constant("isnull"), fc.boolean(), part);
const comparable = (path: string, value: fc.Arbitrary<unknown>, part?: string): fc.Arbitrary<Leaf> =>
  fc.oneof(
    { weight: 2, arbitrary: leaf(path, fc.constantFrom(...comparisons), value, part) },
    leaf(path, fc.constant("in"), fc.array(value, { maxLength: 3 }), part),
    leaf(path, fc.constant("range"), fc.tuple(value, value), part),
    ...(part === undefined ? [isnull(path)] : []),
  );
const numbers = (path: string): fc.Arbitrary<Leaf> => comparable(path, number);
const words = (path: string): fc.Arbitrary<Leaf> =>
  fc.oneof(
    leaf(
      path,
      fc.constantFrom("exact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "iexact"),
      word,
    ),
    leaf(path, fc.constant("in"), fc.array(word, { maxLength: 3 })),
    leaf(path, fc.constantFrom("regex", "iregex"), fc.constantFrom("^a", "[ao]", "x$", "^$", "a%", "r.n")),
    isnull(path),
  );
const dates = fc.constantFrom("2019-12-31", "2020-01-01", "2020-02-29", "2020-07-01", "2022-01-01");
const moments = dates.map((d) => `${d}T00:00:00.000Z`);
const temporal: readonly fc.Arbitrary<Leaf>[] = [
  comparable("made", dates),
  comparable("at", moments),
  comparable("at", dates, "date"),
  comparable("at", fc.constantFrom(0, 12, 23), "hour"),
  ...["made", "at"].flatMap((path) => [
    comparable(path, fc.constantFrom(2019, 2020, 2021), "year"),
    comparable(path, fc.constantFrom(1, 2, 6, 12), "month"),
    leaf(path, fc.constantFrom(...comparisons), fc.constantFrom(1, 4, 29, 31), "day"),
    leaf(path, fc.constantFrom(...comparisons), fc.constantFrom(1, 3, 4), "quarter"),
  ]),
  leaf("made", fc.constant("exact"), fc.integer({ min: 1, max: 7 }), "week_day"),
];
const scalar = fc.constantFrom<unknown>(1, 2, "1", "x", "a", -1);
const json: readonly fc.Arbitrary<Leaf>[] = [
  ...["m", "o__p", "a.b", "l__0"].flatMap((key) => [
    leaf("data", fc.constant("exact"), scalar, key),
    leaf("data", fc.constant("in"), fc.array(scalar, { maxLength: 3 }), key),
    isnull("data", key),
  ]),
  leaf("data", fc.constantFrom("gt", "gte", "lt", "lte"), fc.constantFrom(-1, 0, 1, 2, 2.5), "n"),
  leaf("data", fc.constantFrom("icontains", "startswith", "endswith", "iexact"), word, "s"),
  leaf("data", fc.constant("has_key"), fc.constantFrom("m", "o", "a.b", "b", "l")),
  isnull("data"),
];
const keys = fc.integer({ min: 1, max: 5 });
const columns = fc.constantFrom("size", "stock", "kind__rank");
const single: fc.Arbitrary<Leaf> = fc.oneof(
  ...["size", "stock", "kind__rank", "kind__parent__rank"].map(numbers),
  ...["name", "note", "kind__name", "kind__parent__name"].map(words),
  comparable("price", fc.constantFrom(-1, 0.25, 1, 2.5, 3.75)),
  { weight: 3, arbitrary: fc.oneof(...temporal) },
  { weight: 3, arbitrary: fc.oneof(...json) },
  leaf("flag", fc.constant("exact"), fc.boolean()),
  fc.oneof(
    ...["kind", "kind__parent"].flatMap((path) => [
      leaf(path, fc.constant("exact"), keys),
      leaf(path, fc.constant("in"), fc.array(keys, { maxLength: 2 })),
    ]),
    leaf("kind", fc.constant("in_ranked"), fc.integer({ min: 0, max: 3 })),
  ),
  fc.oneof(
    ...["size", "stock", "kind__rank"].map((path) =>
      leaf(
        path,
        fc.constantFrom(...comparisons),
        fc.oneof(
          columns.map((column): Column => ({ column })),
          fc.record({ column: columns, plus: fc.integer({ min: -1, max: 2 }) }),
        ),
      ),
    ),
  ),
  leaf("sum", fc.constantFrom("gt", "lt"), number),
  leaf("exists", fc.constant("gte"), fc.integer({ min: 0, max: 5 })),
);
const multiple: fc.Arbitrary<Leaf> = fc.oneof(
  ...["sales__amount", "tags__weight", "kind__children__rank"].map(numbers),
  ...["sales__by", "tags__word"].map(words),
  ...["sales", "tags", "kind__wares"].map((path) => isnull(path)),
  ...["tags", "sales"].map((path) => leaf(path, fc.constant("in"), fc.array(keys, { maxLength: 3 }))),
);
const treeOf = (one: fc.Arbitrary<Leaf>): fc.Arbitrary<Tree> =>
  fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      one.map((l): Tree => ({ leaf: l })),
      fc.record({
        op: fc.constantFrom("and", "or"),
        of: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
      }) as fc.Arbitrary<Tree>,
      fc.record({ op: fc.constant("not"), of: fc.tuple(tie("tree")) }) as fc.Arbitrary<Tree>,
      fc.record({
        op: fc.constant("xor"),
        of: fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
      }) as fc.Arbitrary<Tree>,
    ),
  })).tree;
const anyLeaf = fc.oneof(single, multiple).map((l): Tree => ({ leaf: l }));

/** Over columns of the ware and of the rows that it points to: no condition gives a row twice. */
export const singleTrees = treeOf(single);
/** Over anything. */
export const trees = treeOf(fc.oneof(single, multiple));
/** One comparison over several related rows. */
export const multipleLeaves = multiple.map((l): Tree => ({ leaf: l }));
/** Without negation and XOR, half of them with several conditions side by side. */
export const positiveTrees: fc.Arbitrary<Tree> = fc.oneof(
  trees.filter(positive),
  fc.record({
    op: fc.constantFrom("and", "or"),
    of: fc.array(anyLeaf, { minLength: 2, maxLength: 3 }),
  }) as fc.Arbitrary<Tree>,
);
function positive(t: Tree): boolean {
  return "leaf" in t || ((t.op === "and" || t.op === "or") && t.of.every(positive));
}
export function usesXor(t: Tree): boolean {
  return !("leaf" in t) && (t.op === "xor" || t.of.some(usesXor));
}

// ---- what it is for babik -------------------------------------------------------------------------------------------
export type Condition = ReturnType<typeof Q>;
export function toQ(t: Tree): Condition {
  if ("leaf" in t) return leafQ(t.leaf);
  const parts = t.of.map(toQ) as [Condition, ...Condition[]];
  if (t.op === "not") return parts[0].not() as Condition;
  return Q[t.op](...parts) as Condition;
}
function leafQ({ path, part, lookup, value }: Leaf): Condition {
  if (path === "sum") {
    const sum = F("size").add(F("kind__rank"));
    return Q((lookup === "gt" ? sum.gt(value as never) : sum.lt(value as never)) as never) as Condition;
  }
  if (path === "exists")
    return Q(Exists(Sale.objects.filter({ ware: OuterRef("pk"), amount__gte: value } as never)) as never) as Condition;
  if (lookup === "in_ranked")
    return Q({ [`${path}__in`]: Kind.objects.filter({ rank__gte: value as number }) }) as Condition;
  const key = [path, part, lookup === "exact" ? undefined : lookup].filter((x) => x !== undefined).join("__");
  return Q({ [key]: sent(path, part, value) } as never) as Condition;
}
function sent(path: string, part: string | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((v) => sent(path, part, v));
  if (isColumn(value)) return value.plus === undefined ? F(value.column) : F(value.column).add(value.plus);
  return path === "at" && part === undefined && typeof value === "string" ? new Date(value) : value;
}
const isColumn = (value: unknown): value is Column => typeof value === "object" && value !== null && "column" in value;

// ---- what it means --------------------------------------------------------------------------------------------------
type Read = (ware: Row, path: string) => unknown;
/** The value at the end of a path of single steps; null where a step leads nowhere. */
export function read(ware: Row, path: string): unknown {
  let row: Row | undefined = ware;
  const names = path.split("__");
  for (const [i, name] of names.entries()) {
    const value: unknown = row?.[name] ?? null;
    if (i === names.length - 1) return value;
    row = kinds.find((k) => k["id"] === value);
  }
  return null;
}
function partOf(value: unknown, path: string, part: string): unknown {
  if (value === null) return null;
  if (path === "data") {
    let at: unknown = value;
    for (const key of part.split("__"))
      at = typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Row)[key] : undefined;
    return at ?? null;
  }
  const date = new Date(String(value));
  switch (part) {
    case "year":
      return date.getUTCFullYear();
    case "month":
      return date.getUTCMonth() + 1;
    case "quarter":
      return Math.floor(date.getUTCMonth() / 3) + 1;
    case "day":
      return date.getUTCDate();
    case "week_day":
      return date.getUTCDay() + 1;
    case "hour":
      return date.getUTCHours();
    default:
      return date.toISOString().slice(0, 10);
  }
}

/**
 * True, false, or null for unknown. Under a negation a comparison with a column that is NULL counts as false, so that the
 * negation has the row; one that is unknown for another reason (arithmetic with NULL, a key that a document lacks) stays unknown.
 */
export function holds(ware: Row, t: Tree, negated: boolean, readAt: Read = read): boolean | null {
  if (!("leaf" in t)) {
    const of = t.of.map((x) => holds(ware, x, t.op === "not" ? !negated : negated, readAt));
    switch (t.op) {
      case "not":
        return of[0] === null ? null : !of[0];
      case "and":
        return of.includes(false) ? false : of.includes(null) ? null : true;
      case "or":
        return of.includes(true) ? true : of.includes(null) ? null : false;
      case "xor":
        return of.filter((x) => x === true).length % 2 === 1;
    }
  }
  const { path, part, lookup, value } = t.leaf;
  if (path === "sum") {
    const [a, b] = [read(ware, "size"), read(ware, "kind__rank")] as [number | null, number | null];
    return a === null || b === null ? null : lookup === "gt" ? a + b > (value as number) : a + b < (value as number);
  }
  if (path === "exists")
    return sales.some((s) => s["ware"] === ware["id"] && s["amount"] !== null && Number(s["amount"]) >= Number(value));
  if (Array.isArray(value) && value.length === 0 && lookup === "in") return false;
  const column = readAt(ware, path);
  const left = part === undefined ? column : partOf(column, path, part);
  if (lookup === "isnull") return (left === null) === value;
  if (column === null) return negated ? false : null;
  if (left === null) return null;
  const right = isColumn(value) ? added(readAt(ware, value.column), value.plus) : value;
  if (right === null) return negated && (value as Column).plus === undefined ? false : null;
  return compare(lookup, left, right);
}
const added = (a: unknown, b: number | undefined): unknown => (a === null ? null : (a as number) + (b ?? 0));
function compare(lookup: string, left: unknown, right: unknown): boolean {
  const [a, b] = [left as number, right as number];
  const [s, p] = [String(left), String(right)];
  switch (lookup) {
    case "exact":
      return left === right;
    case "gt":
      return a > b;
    case "gte":
      return a >= b;
    case "lt":
      return a < b;
    case "lte":
      return a <= b;
    case "in":
      return (right as unknown[]).includes(left);
    case "in_ranked":
      return kinds.some((k) => k["id"] === left && k["rank"] !== null && (k["rank"] as number) >= b);
    case "range":
      return a >= (right as number[])[0]! && a <= (right as number[])[1]!;
    case "has_key":
      return Object.hasOwn(left as object, p);
    case "iexact":
      return s === p;
    case "contains":
    case "icontains":
      return s.includes(p);
    case "startswith":
    case "istartswith":
      return s.startsWith(p);
    case "regex":
    case "iregex":
      return new RegExp(p).test(s);
    default:
      return s.endsWith(p);
  }
}

// ---- and over several rows: one row of each relation at a time, or none where there is none ---------------------------
const related: Readonly<Record<string, (w: Row) => readonly Row[]>> = {
  sales: (w) => sales.filter((s) => s["ware"] === w["id"]),
  tags: (w) => tags.filter((x) => (w["tags"] as number[]).includes(x["id"] as number)),
  kind__children: (w) => kinds.filter((k) => w["kind"] !== null && k["parent"] === w["kind"]),
  kind__wares: (w) => wares.filter((o) => w["kind"] !== null && o["kind"] === w["kind"]),
};
const relationOf = (path: string): string | undefined =>
  Object.keys(related).find((r) => path === r || path.startsWith(`${r}__`));
/** The relations to several rows that a condition goes over. */
export function relationsOf(t: Tree): string[] {
  return "leaf" in t ? [relationOf(t.leaf.path)].filter((r) => r !== undefined) : t.of.flatMap(relationsOf);
}
/** The keys that filter() gives, one for each combination of related rows for which the condition holds. */
export function joined(t: Tree): number[] {
  const used = [...new Set(relationsOf(t))];
  return wares.flatMap((w) => {
    let combinations: ReadonlyMap<string, Row | null>[] = [new Map()];
    for (const r of used) {
      const rows = related[r]!(w);
      combinations = combinations.flatMap((c) =>
        (rows.length === 0 ? [null] : rows).map((row) => new Map([...c, [r, row]])),
      );
    }
    const count = combinations.filter((c) => {
      const readAt: Read = (ware, path) => {
        const r = relationOf(path);
        return r === undefined ? read(ware, path) : (c.get(r)?.[path === r ? "id" : path.slice(r.length + 2)] ?? null);
      };
      return holds(w, t, false, readAt) === true;
    }).length;
    return Array.from({ length: count }, () => w["id"] as number);
  });
}
