/**
 * Lookups as expressions, and the registration of lookups, as users see them. Only casts and documentation stand here.
 */
import * as make from "../expressions/makers.js";
import * as register from "../lookups/register.js";
import type { Expression, LookupFunction } from "../orm/types/expressions.types.js";
import type { UserLookup, UserTransform } from "../orm/types/custom.types.js";
import type { FieldLike } from "../orm/types/fields.types.js";
import type { AnyExpression } from "../orm/types/lookups.types.js";

/** `a = b`: `Exact(F("a"), 3)` stands in `filter` as `{ a: 3 }` does. */
export const Exact = make.Exact as unknown as LookupFunction;
/** `a = b`, whatever the case of letters. */
export const IExact = make.IExact as unknown as LookupFunction;
/** `a > b`: `filter(GreaterThan(F("price"), F("cost")))`. */
export const GreaterThan = make.GreaterThan as unknown as LookupFunction;
/** `a >= b`. */
export const GreaterThanOrEqual = make.GreaterThanOrEqual as unknown as LookupFunction;
/** `a < b`. */
export const LessThan = make.LessThan as unknown as LookupFunction;
/** `a <= b`. */
export const LessThanOrEqual = make.LessThanOrEqual as unknown as LookupFunction;
/** `a IN (…)`. */
export const In = make.In as unknown as LookupFunction;
/** `a IS NULL`, or not: `IsNull(F("parent"), false)`. */
export const IsNull = make.IsNull as unknown as LookupFunction;
/** Whether a text holds another. */
export const Contains = make.Contains as unknown as LookupFunction;
/** Whether a text holds another, whatever the case. */
export const IContains = make.IContains as unknown as LookupFunction;
/** Whether a text begins with another. */
export const StartsWith = make.StartsWith as unknown as LookupFunction;
/** Whether a text begins with another, whatever the case. */
export const IStartsWith = make.IStartsWith as unknown as LookupFunction;
/** Whether a text ends with another. */
export const EndsWith = make.EndsWith as unknown as LookupFunction;
/** Whether a text ends with another, whatever the case. */
export const IEndsWith = make.IEndsWith as unknown as LookupFunction;
/** Whether a text matches a regular expression of the database. */
export const Regex = make.Regex as unknown as LookupFunction;
/** Whether a text matches a regular expression, whatever the case. */
export const IRegex = make.IRegex as unknown as LookupFunction;
/** Whether a JSON object has a key. */
export const HasKey = make.HasKey as unknown as LookupFunction;
/** `a BETWEEN b AND c`: `RangeLookup(F("a"), [1, 5])`. `Range` alone is the value of range columns. */
export const RangeLookup = make.Range as unknown as LookupFunction;

/** A field as `registerLookup` takes it: the call that makes it (`CharField`), a field, or the name of its type. */
export type LookupTarget = string | FieldLike | ((...args: never[]) => FieldLike);
/** What can be registered: a function such as `Length`, a transform or a lookup of your own. */
export type Registrable =
  | ((...args: never[]) => Expression<unknown>)
  | (new (...args: never[]) => AnyExpression)
  | UserLookup
  | UserTransform;
/**
 * Makes a function, transform or lookup usable in the paths of a field's type and of those that descend from it.
 * @param field the field (`CharField`) or the name of its type
 * @param what a function such as `Length`, a class (`Transform`, `Func`, `CustomExpression`, `Lookup`), `{ name, transform }`, or
 *   `{ name, prepare?, build }`
 * @param name the name in paths, when it should be another than its own
 * @returns a function that takes the registration back
 * @throws QueryTypeError when `what` is none of these
 * @example
 * registerLookup(CharField, Length);
 * await Author.objects.filter({ name__length__gt: 10 });   // WHERE LENGTH("name") > 10
 * @see https://docs.djangoproject.com/en/stable/ref/models/lookups/#registration-api
 */
export const registerLookup = register.registerLookup as unknown as (
  field: LookupTarget,
  what: Registrable,
  name?: string,
) => () => void;
/** Takes a registration away: by the thing registered, or by its name. */
export const unregisterLookup = register.unregisterLookup as unknown as (
  field: LookupTarget,
  what: Registrable | string,
  name?: string,
) => void;
