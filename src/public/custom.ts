/**
 * Doors for functions, aggregates, lookups and expressions of users' own, under their public types. Only casts and
 * documentation stand here; `docs/custom-expressions.md` shows them at work.
 */
import { Aggregate as AggregateClass } from "../expressions/aggregate-class.js";
import * as custom from "../expressions/custom.js";
import * as func from "../expressions/func.js";
import { callable as makeCallable } from "../fields/factories.js";
import type * as t from "../orm/types/custom.types.js";
import type { Aggregate as AggregateOf } from "../orm/types/expressions.types.js";

/**
 * Any function of the database: `Func("price", Value(1), { function: "ROUND" })`; and the class to extend for one of your own.
 * The options are Django's: `function`, `template`, `argJoiner`, `arity`, `outputField`, and by database `sqlite`, `postgresql`,
 * `mysql`. They are SQL text: never make them of data. A class says them in static fields, and its calls cannot change them.
 * @throws ValueError for a function that is no name; QueryTypeError for a wrong number of arguments or an unknown option
 * @example class Power extends Func { static function = "POWER"; static arity = 2; static outputField = FloatField(); }
 *   Product.objects.annotate({ squared: new Power("price", 2) })   // POWER("price", 2)
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#func-expressions
 */
export const Func = makeCallable(func.Func) as unknown as t.FuncFunction;
/**
 * A function of one argument with a name in paths. With `bilateral` it is applied to the value as well.
 * @example class Shout extends Transform { static lookupName = "shout"; static function = "UPPER"; }
 *   registerLookup(CharField, Shout); Author.objects.filter({ name__shout: "JACK" })   // WHERE UPPER("name") = 'JACK'
 * @see https://docs.djangoproject.com/en/stable/ref/models/lookups/#transform-reference
 */
export const Transform = makeCallable(func.Transform) as unknown as t.TransformClass;
/**
 * Any aggregate of the database: `Aggregate("flags", { function: "BIT_OR" })`; and the class to extend. Static fields as with `Func`,
 * and `allowDistinct`, `allowOrderBy`, `windowCompatible`, `emptyValue`.
 * @example class BitOr extends Aggregate { static function = "BIT_OR"; static outputField = IntegerField(); }
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#aggregate-expressions
 */
export const Aggregate = makeCallable(AggregateClass) as unknown as t.AggregateFunction;
/** An aggregate, as a type. */
export type Aggregate<T, Alias extends string = never> = AggregateOf<T, Alias>;
/**
 * An expression that writes its SQL itself: `asSql(compiler, connection)` returns `[sql, params]`; `asSqlite`, `asPostgresql` and `asMysql`
 * come first where there are such. Its children are the arguments of its constructor, or what `getSourceExpressions()` says.
 * Without a `cacheKey` its statements are not kept.
 * @see https://docs.djangoproject.com/en/stable/ref/models/expressions/#writing-your-own-query-expressions
 */
export const CustomExpression = custom.CustomExpression as unknown as t.CustomExpressionClass;
/**
 * A comparison that writes its SQL itself, for `registerLookup`: `asSql` with `this.processLhs(compiler, connection)` and
 * `this.processRhs(compiler, connection)`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/lookups/#lookup-reference
 */
export const Lookup = custom.Lookup as unknown as t.LookupClass;
/**
 * A class that can be called without `new`: `const Power = callable(class Power extends Func { … })`, then `Power("price", 2)`.
 * @param cls a class of expressions
 * @returns the same class, callable
 */
export const callable = makeCallable as unknown as t.MakeCallable;
