/** Paths into JSON documents as expressions. Keys are structure (settings); they travel to databases as parameters, never as text. */
import { ValueError } from "../../base/errors.js";
import { Expression, isExpression } from "../expression.js";
import { F, fieldOrValue } from "../makers.js";

function keyed(name: string, key: unknown, expression: unknown, text: boolean): Expression {
  if (typeof key !== "string" && !Number.isSafeInteger(key))
    throw new ValueError(`The key of ${name}() is a text or a whole number.`, "expression.argument");
  return new Expression({
    kind: "keytransform",
    args: [fieldOrValue(expression)],
    settings: { key: String(key), text },
  });
}
/** The value under a key or index of a JSON document, as JSON: `KeyTransform("owner", "data")`. */
export function KeyTransform(key: string | number, expression: unknown): Expression {
  return keyed("KeyTransform", key, expression, false);
}
/** The value under a key or index of a JSON document, as text: `KeyTextTransform("name", KeyTransform("owner", "data"))`. */
export function KeyTextTransform(key: string | number, expression: unknown): Expression {
  return keyed("KeyTextTransform", key, expression, true);
}
/**
 * The text under a path: `KT("data__owner__name")` is `KeyTextTransform("name", KeyTransform("owner", "data"))`.
 * @see https://docs.djangoproject.com/en/stable/topics/db/queries/#module-django.db.models.fields.json
 */
export function KT(lookup: string): Expression {
  const [field, ...keys] = String(lookup).split("__");
  if (field === undefined || field === "" || keys.length === 0)
    throw new ValueError("Lookup must contain key or index transforms.", "expression.argument");
  let e: unknown = F(field);
  keys.forEach((k, i) => {
    e = keyed("KT", k, e, i === keys.length - 1);
  });
  return isExpression(e) ? e : F(field);
}
