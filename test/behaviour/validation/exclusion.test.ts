/** Exclusion constraints and the finer options of unique ones, asked before saving and kept by the database. */
import {
  babik,
  BooleanField,
  CharField,
  Deferrable,
  ExclusionConstraint,
  IntegerField,
  IntegerRangeField,
  IntegrityError,
  Lower,
  Q,
  UniqueConstraint,
  ValidationError,
} from "babik";
import { describe, expect, test } from "vitest";
import { failure, looseModel, type LooseRow } from "../../support/loose.js";
import { testDatabase } from "../../support/database.js";

const { url } = await testDatabase();
const probe = babik({ databases: { default: url }, apps: {} });
const { features } = await probe.connection().ready();
await probe.close();

// Ranges, and constraints over them, come with arrays.
describe.skipIf(!features.arrays)("an exclusion constraint", async () => {
  const Booking = looseModel(
    "Booking",
    {
      span: IntegerRangeField({ null: true, blank: true }),
      cancelled: BooleanField({ default: false }),
    },
    {
      constraints: [
        ExclusionConstraint({
          name: "no_overlap",
          expressions: [["span", "&&"]],
          condition: Q({ cancelled: false }),
          violationErrorCode: "overlap",
          violationErrorMessage: "Another booking is in the way.",
        }),
      ],
    },
  );
  const orm = features.arrays ? babik({ databases: { default: url }, apps: { shop: { Booking } } } as never) : null;
  const fresh = async (): Promise<LooseRow> => {
    await orm!.dropTables().catch(() => undefined);
    await orm!.createTables();
    return Booking.objects.create({ span: [10, 20] });
  };

  test("finds rows that overlap, the row itself left out", async () => {
    const first = await fresh();
    const error = await failure(new Booking({ span: [15, 25] }).validateConstraints());
    expect(error).toBeInstanceOf(ValidationError);
    expect(error["messageDict"]).toEqual({ __all__: ["Another booking is in the way."] });
    expect(error["code"]).toBe("overlap");
    await new Booking({ span: [20, 30] }).validateConstraints();
    await first.validateConstraints();
  });
  test("counts rows that meet its condition, on both sides, and no NULL", async () => {
    const first = await fresh();
    await new Booking({ span: [15, 25], cancelled: true }).validateConstraints();
    await new Booking({ span: null }).validateConstraints();
    first["cancelled"] = true;
    await first.save();
    await new Booking({ span: [15, 25] }).validateConstraints();
    await new Booking({ span: [15, 25] }).fullClean();
    expect(await Booking.objects.count()).toBe(1);
  });
  test("over an excluded field is not asked", async () => {
    await fresh();
    await new Booking({ span: [15, 25] }).validateConstraints({ exclude: ["span"] });
    expect(await failure(new Booking({ span: [15, 25] }).validateConstraints())).toBeInstanceOf(ValidationError);
  });
  test("is kept by the database, whose error says the same", async () => {
    await fresh();
    const error = await failure(Booking.objects.create({ span: [15, 25] }));
    expect(error).toBeInstanceOf(IntegrityError);
    expect([error["code"], error["constraint"], error["table"]]).toEqual([
      "integrity.exclusion",
      "no_overlap",
      "shop_booking",
    ]);
    const told = (error as unknown as IntegrityError).toValidationError();
    expect(told.messageDict).toEqual({ __all__: ["Another booking is in the way."] });
    await orm!.dropTables();
    await orm!.close();
  });
});

describe("unique constraints", async () => {
  const deferred = features.deferrableConstraints && features.arrays;
  const Seat = looseModel(
    "Seat",
    {
      row: IntegerField({ null: true, blank: true }),
      name: CharField({ maxLength: 20, default: "" }),
      place: IntegerField({ null: true, blank: true }),
      note: CharField({ maxLength: 20, default: "" }),
    },
    {
      constraints: [
        ...(features.nullsDistinct
          ? [UniqueConstraint({ fields: ["row"], name: "row_or_null_once", nullsDistinct: false })]
          : []),
        ...(features.expressionIndexes
          ? [UniqueConstraint(Lower("name"), { name: "name_any_case", condition: Q({ row: 1 }) })]
          : []),
        ...(deferred
          ? [UniqueConstraint({ fields: ["place"], name: "place_later", deferrable: Deferrable.DEFERRED })]
          : []),
        ...(features.coveringIndexes
          ? [
              UniqueConstraint({
                fields: ["note"],
                name: "note_covering",
                include: ["row"],
                condition: Q({ note__gt: "" }),
              }),
            ]
          : []),
      ],
    },
  );
  const orm = babik({ databases: { default: url }, apps: { shop: { Seat } } } as never);
  const fresh = async (): Promise<void> => {
    await orm.dropTables().catch(() => undefined);
    await orm.createTables();
  };
  test.skipIf(!features.nullsDistinct)("count NULLs as equal where they say so, in the database too", async () => {
    await fresh();
    await Seat.objects.create({ row: null, place: 1, name: "a" });
    const twin = new Seat({ row: null, place: 2, name: "b" });
    expect(await failure(twin.validateConstraints())).toBeInstanceOf(ValidationError);
    const error = (await failure(twin.save())) as unknown as IntegrityError;
    expect([error.constraint, error.toValidationError().messageDict]).toEqual([
      "row_or_null_once",
      { row: ["Seat with this Row already exists."] },
    ]);
  });
  test.skipIf(!features.expressionIndexes || !features.partialIndexes)(
    "over an expression, under a condition",
    async () => {
      await fresh();
      await Seat.objects.create({ row: 1, name: "Ann", place: 1 });
      const twin = new Seat({ row: 1, name: "aNN", place: 2 });
      if (features.nullsDistinct) await Seat.objects.update({ note: "first" });
      const said = await failure(twin.validateConstraints());
      expect((said["messages"] as string[]).some((m) => m.includes("name_any_case") || m.includes("Row"))).toBe(true);
      await new Seat({ row: 2, name: "ANN", place: 2 }).save();
      expect(await Seat.objects.count()).toBe(2);
    },
  );
  test.skipIf(!deferred)("that are deferred are looked at when the transaction ends", async () => {
    await fresh();
    const a = await Seat.objects.create({ row: 1, name: "a", place: 1 });
    const b = await Seat.objects.create({ row: 2, name: "b", place: 2 });
    await orm.atomic(async () => {
      a["place"] = 2;
      await a.save();
      b["place"] = 1;
      await b.save();
    });
    expect(await Seat.objects.orderBy("row").valuesList("place", { flat: true })).toEqual([2, 1]);
    const error = await failure(() => orm.atomic(() => Seat.objects.create({ row: 3, name: "c", place: 1 })));
    expect([error["code"], error["constraint"]]).toEqual(["integrity.unique", "place_later"]);
  });
  test.skipIf(!features.coveringIndexes)("may carry further columns", async () => {
    await fresh();
    await Seat.objects.create({ row: 1, name: "a", place: 1, note: "x" });
    const error = await failure(Seat.objects.create({ row: 2, name: "b", place: 2, note: "x" }));
    expect(error["constraint"]).toBe("note_covering");
  });
  test("leave nothing behind", async () => {
    await fresh();
    await orm.dropTables();
    expect(await orm.close()).toBeUndefined();
  });
});
