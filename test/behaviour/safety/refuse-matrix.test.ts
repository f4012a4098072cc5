/**
 * The refuse matrix: every argument of the public functions is given every odd value there is. Each pair is refused by a typed
 * error before any statement, or stands in the table of what is accepted (docs/safety.md says why).
 */
import { BabikError, Case, Count, FilteredRelation, Q, Value, When } from "babik";
import { captureQueries } from "babik/testing";
import { afterAll, describe, expect, test } from "vitest";
import { ACCEPTED_ARGUMENTS, ACCEPTED_VALUES } from "../../support/accepted.data.js";
import { ARGUMENTS, ON_ROWS } from "../../support/argument-positions.js";
import { testDatabase } from "../../support/database.js";
import { FAMILIES, type Family, Hall, ODD_VALUES, openGallery, Piece } from "../../support/gallery.js";

const orm = await openGallery((await testDatabase()).url);
afterAll(() => orm.close());
const any = (x: unknown): never => x as never;

// ---- positions of values ------------------------------------------------------------------------------------------------
interface Position {
  readonly name: string;
  /** What decides which values are accepted: the family of the field, and how the value is used. */
  readonly domain: string;
  readonly call: (value: unknown) => unknown;
}
const LOOKUPS: Readonly<Record<Family, readonly string[]>> = {
  text: ["exact", "iexact", "contains", "icontains", "startswith", "endswith", "gt", "in", "range", "isnull", "regex"],
  uuid: ["exact", "gt", "in", "isnull"],
  ip: ["exact", "gt", "in", "isnull"],
  integer: ["exact", "gt", "lte", "in", "range", "isnull"],
  big: ["exact", "lt", "in", "range"],
  float: ["exact", "gt", "in", "range"],
  decimal: ["exact", "gt", "in", "range"],
  boolean: ["exact", "in", "isnull"],
  date: ["exact", "gt", "in", "range", "year", "month", "week_day"],
  time: ["exact", "gt", "in", "hour"],
  moment: ["exact", "lt", "in", "range", "date", "year", "hour"],
  duration: ["exact", "gt", "in"],
  bytes: ["exact", "in"],
  json: ["exact", "has_key", "has_keys", "key__exact", "key__gt", "key__in", "isnull"],
  relation: ["exact", "in", "isnull"],
};
const behind = (c: object): object => Object.fromEntries(Object.entries(c).map(([k, v]) => [`pieces__${k}`, v]));
const CONDITIONS: Readonly<Record<string, (c: object) => unknown>> = {
  "exclude()": (c) => Piece.objects.exclude(any(c)),
  "get()": (c) => Piece.objects.filter(any({ id: 0 })).filter(any(c)),
  "Q()": (c) => Piece.objects.filter(Q(any({ integer: 1 })).or(Q(any(c)).not()) as never),
  "When()": (c) => Piece.objects.annotate({ x: Case(When(any(c), { then: Value(1) })) }).filter(any({ x: 1 })),
  "an aggregate": (c) => Piece.objects.aggregate({ x: Count("pk", { filter: Q(any(c)) as never }) }),
  "a filtered relation": (c) =>
    Hall.objects
      .annotate({ r: FilteredRelation("pieces", { condition: Q(any(behind(c))) as never }) })
      .filter(any({ r__isnull: false })),
  "a path": (c) => Hall.objects.filter(any(behind(c))),
};
let next = 0;
const WRITES: Readonly<Record<string, (c: object) => unknown>> = {
  "create()": (c) => Piece.objects.create(any(c)),
  new: (c) => new Piece(any(c)).save(),
  "set()": (c) => new Piece(any({})).set(any(c)).save(),
  "assignment and save()": (c) => Object.assign(new Piece(any({})), c).save(),
  "update()": (c) => Piece.objects.filter(any({ id: 1 })).update(any(c)),
  "bulkCreate()": (c) => Piece.objects.bulkCreate([Object.assign(new Piece(any({})), c)]),
  defaults: (c) => {
    const key = `key ${++next}`;
    return Piece.objects.getOrCreate(any("char" in c ? { text: key } : { char: key }), any({ defaults: c }));
  },
};
function* positions(): Generator<Position> {
  for (const [family, fields] of Object.entries(FAMILIES) as [Family, readonly string[]][])
    for (const field of fields) {
      for (const lookup of LOOKUPS[family]) {
        const path = `${field}__${lookup}`,
          domain = `${family} ${lookup}`;
        const filter = (value: unknown): unknown => Piece.objects.filter(any({ [path]: value }));
        yield { name: path, domain, call: filter };
        if (/in$|has_keys/.test(lookup) && !/contains/.test(lookup))
          yield { name: `a member of ${path}`, domain: `${domain} member`, call: (v) => filter([v]) };
        if (lookup === "range")
          yield { name: `a bound of ${path}`, domain: `${domain} bound`, call: (v) => filter([v, v]) };
      }
      for (const [where, call] of Object.entries(CONDITIONS))
        yield { name: `${field} in ${where}`, domain: `${family} exact`, call: (v) => call({ [field]: v }) };
      if (field === "id") continue;
      for (const [where, call] of Object.entries(WRITES))
        yield { name: `${field} by ${where}`, domain: `${family} write`, call: (v) => call({ [field]: v }) };
    }
}

// ---- what happens -------------------------------------------------------------------------------------------------------
/** What came of a call: `refused` is a typed error without a statement. */
async function outcome(call: () => unknown): Promise<string> {
  const { result, queries } = await captureQueries(async () => {
    try {
      await call();
      return null;
    } catch (error) {
      return error;
    }
  });
  if (result === null) return "accepted";
  if (!(result instanceof BabikError)) return `a bare ${String(result)}`;
  if (queries.length === 0) return "refused";
  const read = queries.every((q) => q.sql.startsWith("SELECT"));
  return `${result.constructor.name} after ${read ? "reading" : "writing"}`;
}
/** What may come of a value that the table names: the database's own answer included. */
const ANSWERS =
  /^(accepted|refused|(IntegrityError|DataError|DoesNotExist|MultipleObjectsReturned|FieldError|FieldDoesNotExist|QueryTypeError|ProgrammingError|DatabaseError|NotSupportedError|OperationalError|ValueError) after (reading|writing))$/;
async function tryAll(
  domain: string,
  call: (value: unknown) => unknown,
  table: Readonly<Record<string, readonly string[]>>,
  afterReading: boolean,
): Promise<string[]> {
  const wrong: string[] = [];
  const allowed = table[domain] ?? [];
  for (const [name, make] of Object.entries(ODD_VALUES)) {
    const what = await outcome(() => call(make()));
    if (what === "refused" || (afterReading && / after reading$/.test(what))) continue;
    if (!allowed.includes(name) || !ANSWERS.test(what)) wrong.push(`${name}: ${what}`);
  }
  return wrong;
}

describe("values of fields", () => {
  const all = [...positions()];
  test("there are at least 400 positions and 12 values", () => {
    expect(all.length + Object.keys(ARGUMENTS).length).toBeGreaterThanOrEqual(400);
    expect(Object.keys(ODD_VALUES).length).toBeGreaterThanOrEqual(12);
    expect(new Set(all.map((p) => p.name)).size).toBe(all.length);
  });
  test.each(Object.keys(FAMILIES))(
    "SEC-F01, SEC-F05, SEC-P04: odd values for fields of the family %s are refused",
    { timeout: 120_000 },
    async (family) => {
      const before = await Piece.objects.filter(any({ id__lte: 2 })).count();
      for (const { name, domain, call } of all.filter((p) => p.domain.startsWith(`${family} `)))
        // Defaults are looked at once there is a row to make.
        expect([name, await tryAll(domain, call, ACCEPTED_VALUES, name.endsWith("by defaults"))]).toEqual([name, []]);
      expect(await Piece.objects.filter(any({ id__lte: 2 })).count()).toBe(before);
    },
  );
});
describe("other arguments", () => {
  test.each(Object.entries(ARGUMENTS))("SEC-F01, SEC-P08: %s refuses odd values", async (name, call) => {
    expect(await tryAll(name, call, ACCEPTED_ARGUMENTS, false)).toEqual([]);
  });
  test.each(Object.entries(ON_ROWS))("SEC-F01: %s refuses odd values without writing", async (name, call) => {
    expect(await tryAll(name, call, ACCEPTED_ARGUMENTS, true)).toEqual([]);
  });
});
