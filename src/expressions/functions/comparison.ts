/** Functions that compare and convert: Coalesce, Greatest, Least, NullIf, and the makers of JSON values. Only data; no SQL of a database. */
import type { ValueType } from "../../ast/seams.js";
import { QueryTypeError, ValueError } from "../../base/errors.js";
import { Expression } from "../expression.js";
import { fieldOrValue, functionMaker, isOptions, Value, withSpec, type FunctionMaker } from "../makers.js";

function atLeastTwo(name: string, sql: string): FunctionMaker {
  const make = functionMaker({ name, sql, output: "same" });
  return withSpec(make.spec, (...args) => {
    const given = isOptions(args.at(-1)) ? args.length - 1 : args.length;
    if (given < 2) throw new ValueError(`${name} must take at least two expressions`, "expression.arity");
    return make(...args);
  });
}
/**
 * The first value that is not NULL: `Coalesce("nickname", "name")` gives `COALESCE("nickname", "name")`.
 * @throws ValueError with fewer than two expressions
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#coalesce
 */
export const Coalesce: FunctionMaker = atLeastTwo("Coalesce", "COALESCE");
/**
 * The greatest of the values. PostgreSQL passes over NULL; with the others one NULL makes the result NULL.
 * @example Greatest("modified", "blog__modified")   // GREATEST("modified", T2."modified")
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#greatest
 */
export const Greatest: FunctionMaker = atLeastTwo("Greatest", "GREATEST");
/** The least of the values; NULL as with `Greatest`. */
export const Least: FunctionMaker = atLeastTwo("Least", "LEAST");
/** NULL where both are equal, else the first: `NullIf("a", "b")` gives `NULLIF("a", "b")`. */
export const NullIf: FunctionMaker = functionMaker({ name: "NullIf", sql: "NULLIF", output: "first", arity: 2 });

const JSON_OBJECT = Object.freeze({ name: "JSONObject", output: "JSONField" });
const JSON_ARRAY = Object.freeze({ name: "JSONArray", output: "JSONField" });
/**
 * A JSON object: `JSONObject({ name: Lower("name"), age: F("age").mul(2) })`. Strings are names of fields; keys travel as parameters.
 * @throws QueryTypeError when the argument is no plain object
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#jsonobject
 */
export const JSONObject: FunctionMaker = withSpec(JSON_OBJECT, (fields = {}, options = {}) => {
  if (!isOptions(fields))
    throw new QueryTypeError("JSONObject() takes one object: { key: expression }.", "expression.argument");
  const args = Object.keys(fields).flatMap((key) => {
    if (fields[key] === undefined)
      throw new ValueError(
        `The value of '${key}' in JSONObject() is undefined; write null for JSON null.`,
        "value.undefined",
      );
    return [Value(key), fieldOrValue(fields[key])];
  });
  return new Expression({
    kind: "func",
    spec: JSON_OBJECT,
    args,
    outputField: (options as { outputField?: ValueType }).outputField,
  });
});
/** A JSON list: `JSONArray("name", F("age"))`. Strings are names of fields. */
export const JSONArray: FunctionMaker = functionMaker(JSON_ARRAY);
