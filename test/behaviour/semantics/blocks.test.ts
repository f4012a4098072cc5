/** Semantics of locks and transactions that re-implementations of Django's ORM get wrong, each under its number in the inventory (S49-S51). */
import {
  atomic,
  CASCADE,
  CharField,
  ForeignKey,
  IntegerField,
  IntegrityError,
  NotSupportedError,
  onCommit,
  TransactionManagementError,
} from "babik";
import { captureQueries } from "babik/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseSet } from "../../support/loose.js";

const Room = looseModel("Room", {
  name: CharField({ maxLength: 20, unique: true }),
  size: IntegerField({ default: 1 }),
});
const Desk = looseModel("Desk", {
  room: ForeignKey("Room", { onDelete: CASCADE, null: true }),
  label: CharField({ maxLength: 20, default: "" }),
});
const orm = await looseOrm({ Room, Desk });
const can = (feature: string): boolean => orm.connection().dialect.features[feature] === true;
const locked = (set: LooseSet, options: object = {}): LooseSet =>
  (set as unknown as { selectForUpdate(o: object): LooseSet }).selectForUpdate(options);

beforeEach(async () => {
  await Desk.objects.all().delete();
  await Room.objects.all().delete();
  const room = await Room.objects.create({ name: "a" });
  await Desk.objects.create({ room });
});

describe("S49: selectForUpdate()", () => {
  test("outside of a block fails when it is read, not when it is made; a database without locks passes it over", async () => {
    const set = locked(Room.objects.all());
    if (can("selectForUpdate")) expect(await failure(() => set)).toBeInstanceOf(TransactionManagementError);
    else expect(await set).toHaveLength(1);
    await atomic(async () => expect(await locked(Room.objects.all())).toHaveLength(1));
  });
  test("names relations to lock, the rows themselves as self", async () => {
    const some = locked(Desk.objects.selectRelated("room"), { of: ["self"] });
    await atomic(async () => {
      if (can("selectForUpdateOf")) {
        const { queries } = await captureQueries(async () => void (await some));
        expect(queries[0]!.sql).toContain('FOR UPDATE OF "shop_desk"');
      } else if (can("selectForUpdate")) expect(await failure(() => some)).toBeInstanceOf(NotSupportedError);
      else expect(await some).toHaveLength(1);
    });
    if (!can("selectForUpdateOf")) return;
    const unknown = await failure(() =>
      atomic(async () => void (await locked(Desk.objects.all(), { of: ["nobody"] }))),
    );
    expect(unknown.message).toContain("nobody");
  });
});

describe("S50: a caught error of the database spoils its block", () => {
  test("until the block ends: what comes after is refused", async () => {
    const error = await failure(() =>
      atomic(async () => {
        await failure(() => Room.objects.create({ name: "a" }));
        await Room.objects.count();
      }),
    );
    expect(error).toBeInstanceOf(TransactionManagementError);
    expect(await Room.objects.count()).toBe(1);
  });
  test("caught outside of an inner block, the outer one goes on", async () => {
    await atomic(async () => {
      expect(await failure(() => atomic(() => Room.objects.create({ name: "a" })))).toBeInstanceOf(IntegrityError);
      await Room.objects.create({ name: "b" });
    });
    expect(await Room.objects.count()).toBe(2);
  });
  test("errors that no statement caused spoil nothing", async () => {
    await atomic(async () => {
      await failure(() => Room.objects.get({ name: "nobody" }));
      await Room.objects.create({ name: "b" });
    });
    expect(await Room.objects.count()).toBe(2);
  });
});

describe("S51: onCommit()", () => {
  test("drops what was registered in a savepoint that was taken back", async () => {
    const ran: string[] = [];
    await atomic(async () => {
      await onCommit(() => ran.push("outer"));
      await failure(() =>
        atomic(async () => {
          await onCommit(() => ran.push("dropped"));
          await Room.objects.create({ name: "a" });
        }),
      );
      await atomic(async () => void (await onCommit(() => ran.push("inner"))));
    });
    expect(ran).toEqual(["outer", "inner"]);
  });
  test("runs at once outside of a block; one that fails stops the rest unless it is robust", async () => {
    const ran: string[] = [];
    await onCommit(() => ran.push("now"));
    expect(ran).toEqual(["now"]);
    const stop = (): never => {
      throw new RangeError("stop");
    };
    const error = await failure(() =>
      atomic(async () => {
        await onCommit(stop);
        await onCommit(() => ran.push("after"));
        await Room.objects.create({ name: "b" });
      }),
    );
    expect([error.message, ran]).toEqual(["stop", ["now"]]);
    // What was committed stays.
    expect(await Room.objects.count()).toBe(2);
  });
  test("durable blocks are outermost", async () => {
    const error = await failure(() => atomic(() => atomic(async () => 1, { durable: true })));
    expect(error["code"]).toBe("transaction.durable");
  });
});
