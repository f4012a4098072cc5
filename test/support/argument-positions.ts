/** Arguments of public functions that are no values of fields: a call for each position, to be tried with anything. */
import {
  atomic,
  Case,
  Cast,
  CharField,
  Coalesce,
  Collate,
  Concat,
  Count,
  Exists,
  Extract,
  F,
  FilteredRelation,
  Func,
  GenericPrefetch,
  Greatest,
  Lag,
  Left,
  Lower,
  LPad,
  NthValue,
  Ntile,
  onCommit,
  OrderBy,
  OuterRef,
  Prefetch,
  prefetchRelatedObjects,
  Q,
  RawSQL,
  Repeat,
  Right,
  Round,
  RowRange,
  sql,
  StringAgg,
  Subquery,
  Substr,
  Sum,
  timezone,
  Trunc,
  TruncMonth,
  Value,
  ValueRange,
  When,
  Window,
} from "babik";
import { Hall, Piece } from "./gallery.js";

const any = (x: unknown): never => x as never;
const pieces = () => Piece.objects.all() as unknown as Record<string, (...args: unknown[]) => unknown>;
const annotated = (e: unknown) => Piece.objects.annotate(any({ x: e })).values(any("x"));
const piece = async () =>
  (await Piece.objects.get({ pk: any(1) })) as unknown as Record<string, (...args: unknown[]) => unknown>;
const hall = async () =>
  (await Hall.objects.get({ pk: any(1) })) as unknown as {
    guestPieces: Record<string, (...args: unknown[]) => unknown>;
  };

type Call = (v: unknown) => unknown;
// The connection is given back with the rest of the rows.
async function firstOf(rows: unknown): Promise<unknown> {
  for await (const row of rows as AsyncGenerator) return row;
  return undefined;
}
const methods: Record<string, Call> = Object.fromEntries(
  [
    ..."filter exclude get orderBy values valuesList only defer selectRelated prefetchRelated distinct annotate alias".split(
      " ",
    ),
    ..."aggregate using fetchMode union intersection difference and or xor earliest latest contains inBulk create".split(
      " ",
    ),
    ..."bulkCreate update getOrCreate updateOrCreate explain extra raw selectForUpdate slice complexFilter iterator".split(
      " ",
    ),
  ].map((name): [string, Call] => [
    `${name}()`,
    (v) =>
      name === "iterator"
        ? firstOf(pieces()[name]!(v))
        : name === "update"
          ? (Piece.objects.filter({ pk: any(0) }) as unknown as { update(v: unknown): unknown }).update(v)
          : pieces()[name]!(v),
  ]),
);

/** Needs nothing from the database first. */
export const ARGUMENTS: Readonly<Record<string, Call>> = {
  ...methods,
  "a second condition of filter()": (v) => pieces()["filter"]!({ integer: 1 }, v),
  "annotate({ x })": (v) => Piece.objects.annotate(any({ x: v })),
  "alias({ x })": (v) => Piece.objects.alias(any({ x: v })),
  "aggregate({ x })": (v) => Piece.objects.aggregate(any({ x: v })),
  "values({ x })": (v) => Piece.objects.values(any({ x: v })),
  "the end of slice()": (v) => pieces()["slice"]!(0, v),
  "the field of dates()": (v) => pieces()["dates"]!(v, "year"),
  "the kind of dates()": (v) => pieces()["dates"]!("date", v),
  "the order of dates()": (v) => pieces()["dates"]!("date", "year", v),
  "the kind of datetimes()": (v) => pieces()["datetimes"]!("moment", v),
  "the zone of datetimes()": (v) => pieces()["datetimes"]!("moment", "year", { timeZone: v }),
  "get({ pk })": (v) => Piece.objects.get(any({ pk: v })),
  "a key of inBulk()": (v) => Piece.objects.inBulk(any([v])),
  "the field of inBulk()": (v) => Piece.objects.inBulk(any([1]), any({ fieldName: v })),
  "a row of bulkCreate()": (v) => Piece.objects.bulkCreate(any([v])),
  "the size of batches": (v) => Piece.objects.bulkCreate([new Piece(any({}))], any({ batchSize: v })),
  "fields to update on a conflict": (v) =>
    Piece.objects.bulkCreate(
      [new Piece(any({}))],
      any({ updateConflicts: true, uniqueFields: ["id"], updateFields: v }),
    ),
  "rows of bulkUpdate()": (v) => Piece.objects.bulkUpdate(any(v), ["char"]),
  "a row of bulkUpdate()": (v) => Piece.objects.bulkUpdate(any([v]), ["char"]),
  "fields of bulkUpdate()": (v) => Piece.objects.bulkUpdate([], any(v)),
  "options of getOrCreate()": (v) => Piece.objects.getOrCreate(any({ char: "vase" }), any(v)),
  chunkSize: (v) => firstOf(pieces()["iterator"]!({ chunkSize: v })),
  "the format of explain()": (v) => pieces()["explain"]!({ format: v }),
  "an option of explain()": (v) => pieces()["explain"]!({ analyze: v }),
  "the text of raw()": (v) => pieces()["raw"]!(v),
  "parameters of raw()": (v) => pieces()["raw"]!("SELECT * FROM gallery_piece WHERE id = %s", v),
  "a parameter of raw()": (v) => pieces()["raw"]!("SELECT * FROM gallery_piece WHERE slug = %s", [v]),
  "a value of sql``": (v) => pieces()["raw"]!(sql`SELECT * FROM gallery_piece WHERE slug = ${v}`),
  "sql()": (v) => pieces()["raw"]!((sql as unknown as (v: unknown) => unknown)(v)),
  "rows to lock": (v) => pieces()["selectForUpdate"]!({ of: v }),
  "F()": (v) => annotated(F(any(v))),
  "F().add()": (v) => annotated(F("integer").add(any(v))),
  "F().lt()": (v) => Piece.objects.filter(F("integer").lt(any(v)) as never),
  "F().desc()": (v) => Piece.objects.orderBy(any(F("integer").desc(any(v)))),
  "OrderBy()": (v) => Piece.objects.orderBy(any(OrderBy(any(v)))),
  "Q()": (v) => Piece.objects.filter(Q(any(v))),
  "Q.or()": (v) => Piece.objects.filter(Q.or(any(v), any({ integer: 1 }))),
  "Q().and()": (v) => Piece.objects.filter(Q(any({ integer: 1 })).and(any(v))),
  "When()": (v) => annotated(Case(When(any(v), { then: Value(1) }))),
  "then of When()": (v) => annotated(Case(When(any({ integer: 1 }), any({ then: v })))),
  "default of Case()": (v) => annotated(Case(When(any({ integer: 1 }), { then: Value(1) }), any({ default: v }))),
  "Case()": (v) => annotated(Case(any(v))),
  "OuterRef()": (v) => annotated(Exists(any(Hall.objects.filter(any({ pk: OuterRef(any(v)) }))))),
  "Subquery()": (v) => annotated(Subquery(any(v))),
  "Exists()": (v) => annotated(Exists(any(v))),
  "Count()": (v) => annotated(Count(any(v))),
  "Sum()": (v) => annotated(Sum(any(v))),
  "the filter of an aggregate": (v) => annotated(Count("guests", any({ filter: v }))),
  "the default of an aggregate": (v) => annotated(Sum("integer", any({ default: v }))),
  "options of an aggregate": (v) => annotated(Count("guests", any(v))),
  "the delimiter of StringAgg()": (v) => annotated(StringAgg("char", any({ delimiter: v }))),
  "the type of Cast()": (v) => annotated(Cast("integer", any(v))),
  "the type of Value()": (v) => annotated(Value(1, any({ outputField: v }))),
  "Lower()": (v) => annotated(Lower(any(v))),
  "Coalesce()": (v) => annotated(Coalesce("char", any(v))),
  "Concat()": (v) => annotated(Concat("char", any(v))),
  "Greatest()": (v) => annotated(Greatest("integer", any(v))),
  "Left()": (v) => annotated(Left("char", any(v))),
  "Right()": (v) => annotated(Right("char", any(v))),
  "the position of Substr()": (v) => annotated(Substr("char", any(v))),
  "the length of Substr()": (v) => annotated(Substr("char", 1, any(v))),
  "Repeat()": (v) => annotated(Repeat("char", any(v))),
  "LPad()": (v) => annotated(LPad("char", any(v))),
  "the digits of Round()": (v) => annotated(Round("decimal", any(v))),
  "the name of Func()": (v) => annotated(Func("char", any({ function: v, outputField: CharField({ maxLength: 9 }) }))),
  "the template of Func()": (v) =>
    annotated(Func("char", any({ template: v, outputField: CharField({ maxLength: 9 }) }))),
  "the text of RawSQL()": (v) => annotated(RawSQL(any(v))),
  "parameters of RawSQL()": (v) => annotated(RawSQL("%s", any(v))),
  "a parameter of RawSQL()": (v) => annotated(RawSQL("%s", any([v]))),
  "Collate()": (v) => annotated(Collate("char", any(v))),
  "the part of Extract()": (v) => annotated(Extract("moment", any(v))),
  "the kind of Trunc()": (v) => annotated(Trunc("moment", any(v))),
  "the zone of TruncMonth()": (v) => annotated(TruncMonth("moment", any({ tzinfo: v }))),
  "Ntile()": (v) => annotated(Window(Ntile(any(v)), { orderBy: ["char"] })),
  "the offset of Lag()": (v) => annotated(Window(Lag("char", any(v)), { orderBy: ["char"] })),
  "the place of NthValue()": (v) => annotated(Window(NthValue("char", any(v)), { orderBy: ["char"] })),
  "Window()": (v) => annotated(Window(any(v))),
  "the partition of a window": (v) => annotated(Window(Count("*"), any({ partitionBy: v }))),
  "the order of a window": (v) => annotated(Window(Count("*"), any({ orderBy: v }))),
  "the frame of a window": (v) => annotated(Window(Count("*"), any({ orderBy: "id", frame: v }))),
  "the start of RowRange()": (v) =>
    annotated(Window(Count("*"), any({ orderBy: "id", frame: RowRange(any({ start: v })) }))),
  "the end of ValueRange()": (v) =>
    annotated(Window(Count("*"), any({ orderBy: "id", frame: ValueRange(any({ end: v })) }))),
  "FilteredRelation()": (v) =>
    Piece.objects.annotate(any({ r: FilteredRelation(any(v)) })).filter(any({ r__isnull: false })),
  "the condition of FilteredRelation()": (v) =>
    Piece.objects
      .annotate(any({ r: FilteredRelation("hall", any({ condition: v })) }))
      .filter(any({ r__isnull: false })),
  "Prefetch()": (v) => Piece.objects.prefetchRelated(any(Prefetch(any(v)))),
  "the queryset of Prefetch()": (v) => Piece.objects.prefetchRelated(any(Prefetch("hall", any({ queryset: v })))),
  "the name of Prefetch()": (v) => Piece.objects.prefetchRelated(any(Prefetch("guests", any({ toAttr: v })))),
  "GenericPrefetch()": (v) => Piece.objects.prefetchRelated(any(GenericPrefetch("hall", any(v)))),
  "rows of prefetchRelatedObjects()": (v) => prefetchRelatedObjects(any(v), "hall"),
  new: (v) => new Piece(any(v)),
  "set() of an instance": (v) => new Piece(any({})).set(any(v)),
  "the key of an instance": (v) => Object.assign(new Piece(any({})), { pk: v }).save(),
  "options of save()": (v) => new Piece(any({})).save(any(v)),
  "fields of save()": (v) => Object.assign(new Piece(any({})), { pk: 1 }).save(any({ updateFields: v })),
  "the database of save()": (v) => new Piece(any({})).save(any({ using: v })),
  "atomic()": (v) => atomic(any(v)),
  "the database of atomic()": (v) => atomic(() => 1, any({ using: v })),
  "the isolation of atomic()": (v) => atomic(() => 1, any({ isolation: v })),
  "retries of atomic()": (v) => atomic(() => 1, any({ retries: v })),
  "onCommit()": (v) => onCommit(any(v)),
  "timezone.override()": (v) => (timezone.override as unknown as (z: unknown, f: () => number) => unknown)(v, () => 1),
};

/** The rows are read first; what must not follow is a statement that writes. */
export const ON_ROWS: Readonly<Record<string, Call>> = {
  "fields of refreshFromDb()": async (v) => (await piece())["refreshFromDb"]!({ fields: v }),
  "options of delete()": async (v) => (await piece())["delete"]!({ keepParents: v, [String(typeof v)]: v }),
  "defaults of getOrCreate()": (v) => Piece.objects.getOrCreate(any({ char: "vase" }), any({ defaults: v })),
  "the field of getNextBy()": async (v) => (await piece())["getNextBy"]!(v),
  "conditions of getNextBy()": async (v) => (await piece())["getNextBy"]!("integer", v),
  "options of fullClean()": async (v) => (await piece())["fullClean"]!({ exclude: v }),
  "add()": async (v) => (await hall()).guestPieces["add"]!(v),
  "remove()": async (v) => (await hall()).guestPieces["remove"]!(v),
  "set()": async (v) => (await hall()).guestPieces["set"]!(v),
  "a member of set()": async (v) => (await hall()).guestPieces["set"]!([v]),
  "create() of a related set": async (v) => (await hall()).guestPieces["create"]!(v),
};
