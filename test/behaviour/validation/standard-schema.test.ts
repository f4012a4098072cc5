/** Models as Standard Schemas: what is let through, what is an issue, and that nothing is asked of the database. */
import {
  BooleanField,
  CASCADE,
  CharField,
  DateField,
  DateTimeField,
  DecimalField,
  EmailField,
  F,
  FieldDoesNotExist,
  ForeignKey,
  GeneratedField,
  IntegerField,
  JSONField,
  ManyToManyField,
  QueryTypeError,
  ValidationError,
  ValueError,
} from "babik";
import { captureQueries } from "babik/testing";
import { describe, expect, test } from "vitest";
import { failure, looseModel, looseOrm, type LooseModel, type LooseRow } from "../../support/loose.js";

interface Result {
  readonly value?: Record<string, unknown>;
  readonly issues?: readonly { readonly message: string; readonly path?: readonly string[]; readonly code: string }[];
}
interface Schema {
  readonly "~standard": {
    readonly version: number;
    readonly vendor: string;
    validate(value: unknown): Result | Promise<Result>;
  };
}
type SchemaModel = LooseModel & Schema & { readonly updateSchema: Schema; schema(options?: object): Schema };

const Team = looseModel("Team", { name: CharField({ maxLength: 10 }) });
const User = looseModel("User", {
  name: CharField({ maxLength: 10 }),
  nick: CharField({ maxLength: 10, blank: true }),
  email: EmailField({ unique: true }),
  role: CharField({ maxLength: 10, choices: ["reader", "writer"], default: "reader" }),
  isStaff: BooleanField({ default: false, editable: false }),
  born: DateField({ null: true, blank: true }),
  balance: DecimalField({ maxDigits: 6, decimalPlaces: 2, default: "0" }),
  settings: JSONField({ default: () => ({}) }),
  age: IntegerField({
    null: true,
    blank: true,
    validators: [
      (v: unknown) => {
        if ((v as number) < 0) throw new ValidationError("Too young.", "young");
      },
    ],
  }),
  slow: IntegerField({
    default: 1,
    validators: [
      async (v: unknown) => {
        await Promise.resolve();
        if (v === 13) throw new ValidationError("Unlucky.", "unlucky");
      },
    ],
  }),
  made: DateTimeField({ autoNowAdd: true }),
  twice: GeneratedField({ expression: F("age").mul(2), outputField: IntegerField({ null: true }), dbPersist: true }),
  team: ForeignKey("Team", { onDelete: CASCADE }),
  friends: ManyToManyField("User"),
}) as SchemaModel;
const Coin = looseModel("Coin", {
  code: CharField({ maxLength: 3, primaryKey: true }),
  worth: IntegerField(),
}) as SchemaModel;
const Place = looseModel("Place", { name: CharField({ maxLength: 10 }) });
const Cafe = Place.extend("Cafe", { cups: IntegerField() }) as SchemaModel;
await looseOrm({ Team, User, Coin, Place, Cafe });

const validate = async (schema: Schema, value: unknown): Promise<Result> => schema["~standard"].validate(value);
const issues = async (schema: Schema, value: unknown): Promise<unknown[]> => {
  const result = await validate(schema, value);
  expect(result.value).toBeUndefined();
  return result.issues!.map((i) => [i.path?.join("."), i.code]);
};
const ok = { name: "Ann", email: "a@b.cc", team: 1 };

describe("input for a new row", () => {
  test("comes out as the fields understand it, and makes a row", async () => {
    const team = await Team.objects.create({ name: "t" });
    const { value, issues: none } = await validate(User, {
      ...ok,
      teamId: String(team.pk),
      team: undefined,
      balance: 3,
      born: "2000-02-29",
      age: "7",
    });
    expect(none).toBeUndefined();
    expect([value!["age"], value!["teamId"], String(value!["born"]), String(value!["balance"])]).toEqual([
      7,
      team.pk,
      "2000-02-29",
      "3",
    ]);
    expect("role" in value!).toBe(false);
    const user = await User.objects.create(value);
    expect([user["role"], user["teamId"], (user as LooseRow)._state.adding]).toEqual(["reader", team.pk, false]);
  });
  test("is answered at once, unless a validator takes time", async () => {
    expect(User["~standard"].validate(ok)).not.toBeInstanceOf(Promise);
    expect(User["~standard"].validate({ ...ok, slow: 13 })).toBeInstanceOf(Promise);
    expect(await issues(User, { ...ok, slow: 13 })).toEqual([["slow", "unlucky"]]);
    expect((await validate(User, { ...ok, slow: 12 })).value!["slow"]).toBe(12);
  });
  test("what is missing or wrong is told all at once, by field", async () => {
    expect(await issues(User, {})).toEqual([
      ["name", "required"],
      ["email", "required"],
      ["team", "required"],
    ]);
    const wrong = {
      name: "much too long a name",
      nick: "",
      email: "x",
      role: "admin",
      born: "yesterday",
      age: -1,
      team: null,
    };
    expect(await issues(User, wrong)).toEqual([
      ["name", "max_length"],
      ["email", "invalid"],
      ["role", "invalid_choice"],
      ["born", "invalid"],
      ["age", "young"],
      ["team", "null"],
    ]);
    expect(await issues(User, { ...ok, name: "" })).toEqual([["name", "blank"]]);
  });
  test("names that nobody may give are refused: unknown ones, keys, what is not edited, computed or a set", async () => {
    const forged = {
      ...ok,
      id: 1,
      isStaff: true,
      made: "2000-01-01",
      twice: 1,
      friends: [1],
      _state: {},
      save: 1,
      nam: 2,
    };
    expect((await issues(User, forged)).map((i) => (i as string[])[0])).toEqual([
      "id",
      "isStaff",
      "made",
      "twice",
      "friends",
      "_state",
      "save",
      "nam",
    ]);
    const near = await validate(User, { ...ok, nam: 2 });
    expect(near.issues![0]!.message).toContain("'name'");
  });
  test("keys with a meaning to JavaScript reach nothing", async () => {
    const input: unknown = JSON.parse(
      '{"__proto__": {"isStaff": true}, "constructor": 1, "name": "Ann", "email": "a@b.cc", "team": 1}',
    );
    expect(await issues(User, input)).toEqual([
      ["__proto__", "unknown"],
      ["constructor", "unknown"],
    ]);
    expect(({} as Record<string, unknown>)["isStaff"]).toBeUndefined();
  });
  test("a relation is given by its name or by its column, once; expressions are no input", async () => {
    expect(await issues(User, { ...ok, teamId: 2 })).toEqual([["teamId", "twice"]]);
    expect(await issues(User, { ...ok, age: F("slow") })).toEqual([["age", "invalid"]]);
    const team = new Team({ id: 5, name: "t" });
    expect((await validate(User, { ...ok, team })).value!["team"]).toBe(team);
  });
  test("what is no object is one issue", async () => {
    for (const wrong of [null, undefined, "x", 7, [ok]])
      expect(await issues(User, wrong)).toEqual([[undefined, "invalid"]]);
  });
  test("asks nothing of the database", async () => {
    const { queries } = await captureQueries(() => validate(User, { ...ok, team: 999 }));
    expect(queries).toEqual([]);
  });
  test("has the fields of parents, without the link to them; keys of one's own are given", async () => {
    expect(await issues(Cafe, {})).toEqual([
      ["name", "required"],
      ["cups", "required"],
    ]);
    expect((await validate(Cafe, { name: "a", cups: 1 })).value).toEqual({ name: "a", cups: 1 });
    expect((await validate(Coin, { code: "EUR", worth: 1 })).value).toEqual({ code: "EUR", worth: 1 });
  });
});

describe("input for a change", () => {
  test("requires nothing and takes no key", async () => {
    expect((await validate(User.updateSchema, {})).value).toEqual({});
    expect((await validate(User.updateSchema, { age: "8" })).value).toEqual({ age: 8 });
    expect(await issues(User.updateSchema, { name: "", id: 1 })).toEqual([
      ["name", "blank"],
      ["id", "unknown"],
    ]);
    expect(await issues(Coin.updateSchema, { code: "USD" })).toEqual([["code", "unknown"]]);
  });
});

describe("schema()", () => {
  test("takes some of the fields", async () => {
    const signUp = User.schema({ only: ["name", "email"] });
    expect((await validate(signUp, { name: "Ann", email: "a@b.cc" })).value).toEqual({ name: "Ann", email: "a@b.cc" });
    expect(await issues(signUp, { name: "Ann", email: "a@b.cc", role: "writer" })).toEqual([["role", "unknown"]]);
    const rest = User.schema({ exclude: ["role", "teamId"], partial: true });
    expect(await issues(rest, { role: "writer", team: 1 })).toEqual([
      ["role", "unknown"],
      ["team", "unknown"],
    ]);
  });
  test("says what is wrong with its options", async () => {
    expect(() => User.schema({ only: "name" })).toThrow(QueryTypeError);
    expect(await failure(() => validate(User.schema({ only: ["nobody"] }), {}))).toBeInstanceOf(FieldDoesNotExist);
    expect(await failure(() => validate(User.schema({ only: ["isStaff"] }), {}))).toBeInstanceOf(ValueError);
  });
  test("is one of version 1, and the same one each time", () => {
    expect([User["~standard"].version, User["~standard"].vendor]).toEqual([1, "babik"]);
    expect(User.updateSchema).toBe(User.updateSchema);
    expect(User["~standard"]).toBe(User["~standard"]);
    expect(User["~standard"]).not.toBe(Coin["~standard"]);
  });
});
