/** Functions, transforms and lookups that users register under names of their own. */
import { afterEach, expect, test } from "vitest";
import type { Expression } from "../../../src/expressions/expression.js";
import { Length, Lower } from "../../../src/expressions/functions/text.js";
import { F } from "../../../src/expressions/makers.js";
import { CharField, IntegerField } from "../../../src/fields/factories.js";
import { registerLookup, unregisterLookup } from "../../../src/lookups/register.js";
import { everyColumn } from "../../support/columns.js";
import { columns, write } from "../../support/compile.js";
import { postgres, sqlite } from "../../support/dialects.js";

const table = columns(everyColumn());
const undo: (() => void)[] = [];
afterEach(() => {
  for (const f of undo.splice(0)) f();
});

test("a function is a transform of the field's type while it is registered", () => {
  const take = registerLookup(CharField, Length);
  expect(write(F("s").lookup("length__gt", 3), table, sqlite).text).toBe(`LENGTH("t"."s") > ?`);
  take();
  expect(() => write(F("s").lookup("length__gt", 3), table, sqlite)).toThrow(
    "Unsupported lookup 'length' for CharField",
  );
});
test("it may have another name, be given by the type's name, and be taken away by its own", () => {
  registerLookup("CharField", Lower, "small");
  expect(write(F("s").lookup("small", "x"), table, postgres).text).toBe(`LOWER("t"."s") = $1::text`);
  unregisterLookup("CharField", Lower, "small");
  expect(() => write(F("s").lookup("small", "x"), table, postgres)).toThrow("Unsupported lookup 'small'");
});
test("a transform of both sides", () => {
  undo.push(
    registerLookup(CharField(), {
      name: "folded",
      bilateral: true,
      transform: (lhs) => Lower(lhs),
    }),
  );
  expect(write(F("s").lookup("folded__lt", "X"), table, sqlite)).toMatchObject({
    text: `LOWER("t"."s") < LOWER(?)`,
    params: ["X"],
  });
});
test("a lookup of the user's own, with its preparation", () => {
  const half = {
    name: "half",
    prepare: (v: unknown) => Number(v) / 2,
    build: (l: Expression, r: Expression) => l.eq(r),
  };
  undo.push(registerLookup(IntegerField, half));
  expect(write(F("n").lookup("half", 10), table, sqlite)).toMatchObject({ text: `"t"."n" = ?`, params: [5] });
});
test("what was registered before comes back", () => {
  const first = registerLookup(CharField, Length);
  registerLookup(CharField, Lower, "length")();
  expect(write(F("s").lookup("length", 3), table, sqlite).text).toBe(`LENGTH("t"."s") = ?`);
  first();
});
test.each([
  ["nothing", () => registerLookup(CharField, null as never)],
  ["an object that is none of them", () => registerLookup(CharField, { name: "x" } as never)],
  ["a name with a path in it", () => registerLookup(CharField, Length, "a__b")],
  ["what is no field", () => registerLookup(3, Length)],
])("refuses %s", (_what, make) => {
  expect(make).toThrow(/registerLookup\(\) takes|The name of a lookup/);
});
