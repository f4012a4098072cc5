/** The lists of reserved names are complete: a member that is added to instances has to be added to the list. */
import { expect, test } from "vitest";
import { isInstanceMember, isObjectMember } from "../../../src/base/reserved.js";
import { ModelBase } from "../../../src/orm/model.js";

test("every member of instances is reserved", () => {
  const members = Object.getOwnPropertyNames(ModelBase.prototype);
  expect(members.length).toBeGreaterThan(15);
  expect(members.filter((name) => !isInstanceMember(name))).toEqual([]);
});
test("every member of objects is reserved, in instances too", () => {
  const members = [...Object.getOwnPropertyNames(Object.prototype), "then", "toJSON", "prototype"];
  expect(members.filter((name) => !isObjectMember(name) || !isInstanceMember(name))).toEqual([]);
});
test("other names are free", () => {
  for (const name of ["id", "name", "saved", "thenSome", "settings", "data", "keys", "length", "objects", "meta"])
    expect([name, isInstanceMember(name)]).toEqual([name, false]);
});
