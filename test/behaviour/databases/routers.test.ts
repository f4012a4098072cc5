/** Routers: which database rows are read from and written to, which rows may be related, where tables are made. */
import {
  babik,
  CASCADE,
  CharField,
  type DatabaseRouter,
  ForeignKey,
  ImproperlyConfigured,
  IntegerField,
  replicaRouter,
  ValueError,
} from "babik";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { testDatabase } from "../../support/database.js";
import { failure, type LooseRow, looseModel } from "../../support/loose.js";

const [first, second] = [await testDatabase(), await testDatabase()];
const Author = looseModel("Author", {
  name: CharField({ maxLength: 50, unique: true }),
  n: IntegerField({ default: 0 }),
});
const Book = looseModel("Book", {
  title: CharField({ maxLength: 50 }),
  author: ForeignKey("Author", { onDelete: CASCADE, relatedName: "books" }),
});

/** The router of the test that runs. */
let rules: DatabaseRouter = {};
const calls: string[] = [];
const indirect: DatabaseRouter = {
  dbForRead: (model, hints, context) => {
    calls.push(`read ${model.name}${hints.instance === undefined ? "" : " of an instance"}`);
    return rules.dbForRead?.(model, hints, context);
  },
  dbForWrite: (model, hints, context) => {
    calls.push(`write ${model.name}`);
    return rules.dbForWrite?.(model, hints, context);
  },
  allowRelation: (a, b, hints) => rules.allowRelation?.(a, b, hints),
  allowMigrate: (alias, app, hints) => rules.allowMigrate?.(alias, app, hints),
};
const orm = babik({
  databases: { default: first.url, other: second.url },
  apps: { shop: { Author, Book } },
  databaseRouters: [indirect],
});
beforeAll(async () => {
  await orm.createTables();
  await orm.createTables(null, "other");
});
afterEach(async () => {
  rules = {};
  calls.length = 0;
  for (const alias of ["default", "other"]) {
    await Book.objects.using(alias).delete();
    await Author.objects.using(alias).delete();
  }
});
afterAll(() => orm.close());

const count = (alias: string): Promise<number> => Author.objects.using(alias).count();

describe("a router", () => {
  test("sends reads and writes to databases of its choice", async () => {
    rules = { dbForRead: () => "other", dbForWrite: () => "default" };
    const author = await Author.objects.create({ name: "a" });
    expect(author._state).toMatchObject({ db: "default" });
    expect(await Author.objects.count()).toBe(0);
    rules = { dbForRead: () => "default" };
    expect(await Author.objects.count()).toBe(1);
    expect(calls).toEqual(["write Author", "read Author", "read Author"]);
  });

  test("is not asked where a database is named", async () => {
    rules = { dbForRead: () => "other", dbForWrite: () => "other" };
    const author = await Author.objects.using("default").create({ name: "a" });
    author["n"] = 2;
    await author.save({ using: "default" });
    expect(await Author.objects.using("default").get({ n: 2 })).toMatchObject({ name: "a" });
    expect([await count("default"), await count("other")]).toEqual([1, 0]);
  });

  test("that answers nothing leaves a row in its database, and the rest in default", async () => {
    const far = await Author.objects.using("other").create({ name: "far" });
    far["n"] = 5;
    await far.save();
    expect(await Author.objects.using("other").get({ name: "far" })).toMatchObject({ n: 5 });
    await far.refreshFromDb();
    expect(far._state).toMatchObject({ db: "other" });
    await far.delete();
    expect([await count("default"), await count("other")]).toEqual([0, 0]);
  });

  test("is told the instance that a query starts from", async () => {
    const far = await Author.objects.using("other").create({ name: "far" });
    await Book.objects.using("other").create({ title: "t", author: far });
    let seen: unknown;
    rules = {
      dbForRead: (_model, hints) => {
        seen = hints.instance;
        return "other";
      },
    };
    const book = await Book.objects.get({ title: "t" });
    expect(seen).toBeUndefined();
    expect(await (book["author"] as PromiseLike<LooseRow>)).toMatchObject({ name: "far" });
    expect(seen).toBe(book);
  });

  test("decides where methods write that read first: getOrCreate asks for writing", async () => {
    rules = { dbForRead: () => "other", dbForWrite: () => "default" };
    const authors = Author.objects as unknown as {
      getOrCreate(c: object): Promise<[LooseRow, boolean]>;
      updateOrCreate(c: object, o: object): Promise<[LooseRow, boolean]>;
    };
    expect((await authors.getOrCreate({ name: "a" }))[1]).toBe(true);
    expect((await authors.getOrCreate({ name: "a" }))[1]).toBe(false);
    expect((await authors.updateOrCreate({ name: "a" }, { defaults: { n: 3 } }))[1]).toBe(false);
    expect(calls.every((call) => call.startsWith("write"))).toBe(true);
    expect([await count("default"), await count("other")]).toEqual([1, 0]);
  });

  test("allows or forbids relations; the first answer counts", async () => {
    const [near, far] = [
      await Author.objects.using("default").create({ name: "near" }),
      await Author.objects.using("other").create({ name: "far" }),
    ];
    const book = await Book.objects.using("default").create({ title: "t", author: near });
    const assign = (): unknown => (book as unknown as { set(v: object): unknown }).set({ author: far });
    expect(assign).toThrow(ValueError);
    rules = { allowRelation: (a, b) => a === far && b === book };
    expect(assign).not.toThrow();
    rules = { allowRelation: () => false };
    expect(() => (book as unknown as { set(v: object): unknown }).set({ author: near })).toThrow("router prevents");
  });

  test("keeps tables out of a database", async () => {
    const third = await testDatabaseOf();
    rules = {
      allowMigrate: (alias, app, hints) => !(alias === "default" && app === "shop" && hints["modelName"] === "book"),
    };
    const tables = await third.run();
    expect(tables).toEqual([true, false]);
  });

  test("that answers with what is no alias is told so", async () => {
    rules = { dbForRead: () => 7 as never };
    expect(await failure(() => Author.objects.count())).toMatchObject({ code: "router.answer" });
    rules = { dbForRead: () => "nowhere" };
    const error = await failure(() => Author.objects.count());
    expect(error).toBeInstanceOf(ImproperlyConfigured);
    expect(error.message).toContain("default, other");
  });

  test("that is none is refused at once", () => {
    const make = (databaseRouters: unknown): unknown => babik({ apps: {}, databaseRouters } as never);
    expect(() => make({})).toThrow(ImproperlyConfigured);
    expect(() => make(["shop.Router"])).toThrow(ImproperlyConfigured);
    expect(() => make([{ dbForRead: "default" }])).toThrow(ImproperlyConfigured);
    expect(() => make([{ dbForReading: () => "default" }])).toThrow("Did you mean 'dbForRead'?");
  });

  /** A database of its own, whose tables are made by the rules of the moment: which of the two tables are there. */
  async function testDatabaseOf(): Promise<{ run(): Promise<boolean[]> }> {
    const A = looseModel("Author", { name: CharField({ maxLength: 50 }) });
    const B = looseModel("Book", { title: CharField({ maxLength: 50 }) });
    return {
      run: async () => {
        const third = babik({
          databases: { default: "sqlite::memory:" },
          apps: { shop: { Author: A, Book: B } },
          databaseRouters: [indirect],
        });
        await third.createTables();
        const rows = await third
          .connection()
          .run({ text: "SELECT name FROM sqlite_master WHERE type = 'table'", params: [] });
        await third.close();
        const names = rows.rows.map((row) => row[0]);
        return ["shop_author", "shop_book"].map((name) => names.includes(name));
      },
    };
  }
});

describe("_state", () => {
  test("a copy goes to another database when its key and state are set anew", async () => {
    const author = await Author.objects.create({ name: "a" });
    author.pk = null;
    const state = author._state as { adding: boolean; db: string | undefined };
    state.adding = true;
    state.db = "other";
    await author.save();
    expect([await count("default"), await count("other")]).toEqual([1, 1]);
    expect(() => (state.db = "nowhere")).toThrow(ImproperlyConfigured);
    expect(() => (state.adding = 1 as never)).toThrow(ValueError);
  });
});

describe("replicaRouter", () => {
  const router = replicaRouter({ replicas: ["other"] });

  test("reads from a replica and writes to the primary", async () => {
    rules = router;
    const author = await Author.objects.create({ name: "a" });
    expect(author._state).toMatchObject({ db: "default" });
    expect(await Author.objects.count()).toBe(0);
    expect(await Author.objects.using("default").count()).toBe(1);
  });

  test("reads from the primary inside of a transaction, and only there", async () => {
    rules = router;
    await orm.atomic(async () => {
      await Author.objects.create({ name: "a" });
      expect(await Author.objects.count()).toBe(1);
      expect((await Author.objects.get({ name: "a" }))._state).toMatchObject({ db: "default" });
    });
    await orm.atomic(async () => expect(await Author.objects.count()).toBe(0), { using: "other" });
    expect(await Author.objects.count()).toBe(0);
  });

  test("relates rows of the primary and its replicas, and makes tables in the primary only", async () => {
    rules = router;
    const [near, far] = [
      await Author.objects.using("default").create({ name: "near" }),
      await Author.objects.using("other").create({ name: "far" }),
    ];
    const book = await Book.objects.using("default").create({ title: "t", author: near });
    expect(() => (book as unknown as { set(v: object): unknown }).set({ author: far })).not.toThrow();
    expect([router.allowMigrate("other", "shop", {}), router.allowMigrate("default", "shop", {})]).toEqual([
      false,
      null,
    ]);
  });

  test("saves a row that came from a replica to the primary", async () => {
    await Author.objects.using("default").create({ id: 4711, name: "a" });
    await Author.objects.using("other").create({ id: 4711, name: "a" });
    rules = router;
    const author = await Author.objects.get({ name: "a" });
    expect(author._state).toMatchObject({ db: "other" });
    author["n"] = 9;
    await author.save();
    expect(author._state).toMatchObject({ db: "default" });
    expect(await Author.objects.using("default").get({ n: 9 })).toMatchObject({ name: "a" });
    expect(await Author.objects.using("other").filter({ n: 9 }).count()).toBe(0);
  });

  test("can be for some apps, and choose among replicas by a rule", () => {
    const model = (appLabel: string) => ({ name: "M", meta: { label: `${appLabel}.M`, appLabel, modelName: "m" } });
    const outside = { inTransaction: () => false };
    const some = replicaRouter({ primary: "main", replicas: ["r1", "r2"], apps: ["shop"], choose: (all) => all[1]! });
    expect(some.dbForRead(model("shop"), {}, outside)).toBe("r2");
    expect(some.dbForRead(model("auth"), {}, outside)).toBeNull();
    expect(some.dbForWrite(model("shop"), {}, outside)).toBe("main");
    expect(some.dbForWrite(model("auth"), {}, outside)).toBeNull();
    expect(some.dbForRead(model("shop"), {}, { inTransaction: (alias) => alias === "main" })).toBe("main");
    const any = new Set(
      Array.from({ length: 50 }, () => replicaRouter({ replicas: ["r1", "r2"] }).dbForRead(model("x"), {}, outside)),
    );
    expect([...any].toSorted()).toEqual(["r1", "r2"]);
  });

  test("refuses settings that cannot be meant", () => {
    expect(() => replicaRouter({ replicas: [] })).toThrow(ImproperlyConfigured);
    expect(() => replicaRouter({ replicas: ["default"] })).toThrow("its own replica");
    expect(() => replicaRouter(undefined as never)).toThrow(ImproperlyConfigured);
  });
});
