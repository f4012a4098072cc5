/**
 * Functions of databases as users see them, under the public types. Only casts and documentation stand here; what each is
 * in SQL is said by `sql/<database>/`. An argument that is text is a path, as in Django; `Value("x")` is a text.
 */
import * as comparison from "../expressions/functions/comparison.js";
import * as dates from "../expressions/functions/dates.js";
import * as json from "../expressions/functions/json.js";
import * as math from "../expressions/functions/math.js";
import * as text from "../expressions/functions/text.js";
import * as tuples from "../expressions/functions/tuples.js";
import * as window from "../expressions/functions/window.js";
import type * as t from "../orm/types/expressions.types.js";

/**
 * The first value that is not NULL: `Coalesce("nickname", "name")` is `COALESCE("nickname", "name")`.
 * @throws ValueError with fewer than two arguments
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#coalesce
 */
export const Coalesce = comparison.Coalesce as unknown as t.CoalesceFunction;
/**
 * The greatest value. PostgreSQL passes over NULL; with the others one NULL makes the result NULL.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#greatest
 */
export const Greatest = comparison.Greatest as unknown as t.GreatestFunction;
/** The least value; NULL as with `Greatest`. */
export const Least = comparison.Least as unknown as t.GreatestFunction;
/** NULL where both are equal, else the first: `NULLIF("a", "b")`. */
export const NullIf = comparison.NullIf as unknown as t.OrNullFunction;
/**
 * A JSON object made in the database: `JSONObject({ name: Lower("name"), age: F("age").mul(2) })`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#jsonobject
 */
export const JSONObject = comparison.JSONObject as unknown as t.JSONObjectFunction;
/** A JSON list made in the database: `JSONArray("name", F("age"))`. */
export const JSONArray = comparison.JSONArray as unknown as (
  ...of: readonly (t.Source | number | boolean | null)[]
) => t.Expression<unknown[]>;
/** The JSON under a key or index: `KeyTransform("owner", "data")` is `"data" -> 'owner'` on PostgreSQL. */
export const KeyTransform = json.KeyTransform as unknown as (
  key: string | number,
  of: t.Source,
) => t.Expression<unknown>;
/** The text under a key or index. */
export const KeyTextTransform = json.KeyTextTransform as unknown as (
  key: string | number,
  of: t.Source,
) => t.Expression<string | null>;
/** The text under a path: `KT("data__owner__name")`. */
export const KT = json.KT as unknown as (path: string) => t.Expression<string | null>;

/**
 * Text in small letters: `Lower("name")` is `LOWER("name")`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#lower
 */
export const Lower = text.Lower as unknown as t.TextFunction;
/** Text in capitals: `UPPER("name")`. */
export const Upper = text.Upper as unknown as t.TextFunction;
/**
 * Texts one after the other, NULL as an empty text: `Concat("first", Value(" "), "last")`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#concat
 */
export const Concat = text.Concat as unknown as t.TextFunction;
/** Two texts one after the other, NULL as an empty text. */
export const ConcatPair = text.ConcatPair as unknown as t.TextFunction;
/** Text without spaces at its ends. */
export const Trim = text.Trim as unknown as t.TextFunction;
/** Text without spaces at its start. */
export const LTrim = text.LTrim as unknown as t.TextFunction;
/** Text without spaces at its end. */
export const RTrim = text.RTrim as unknown as t.TextFunction;
/** The first characters: `Left("name", 3)`. @throws ValueError for a length below 1 */
export const Left = text.Left as unknown as t.TextFunction;
/** The last characters: `Right("name", 3)`. */
export const Right = text.Right as unknown as t.TextFunction;
/** Part of a text: `Substr("name", 1, 5)`; the first character is 1. */
export const Substr = text.Substr as unknown as t.TextFunction;
/** A text with every occurrence of another replaced, by nothing when no third is given. */
export const Replace = text.Replace as unknown as t.TextFunction;
/** A text several times over: `Repeat("name", 3)`. */
export const Repeat = text.Repeat as unknown as t.TextFunction;
/** A text from its end to its start. */
export const Reverse = text.Reverse as unknown as t.TextFunction;
/** Text filled on the left up to a length: `LPad("code", 8, Value("0"))`; longer texts are cut. */
export const LPad = text.LPad as unknown as t.TextFunction;
/** Text filled on the right up to a length. */
export const RPad = text.RPad as unknown as t.TextFunction;
/** The character of a code point: `Chr(65)`. */
export const Chr = text.Chr as unknown as t.TextFunction;
/** MD5 of a text, as hexadecimal digits. */
export const MD5 = text.MD5 as unknown as t.TextFunction;
/** SHA-1 of a text, as hexadecimal digits. */
export const SHA1 = text.SHA1 as unknown as t.TextFunction;
/** SHA-224 of a text, as hexadecimal digits. */
export const SHA224 = text.SHA224 as unknown as t.TextFunction;
/** SHA-256 of a text, as hexadecimal digits. */
export const SHA256 = text.SHA256 as unknown as t.TextFunction;
/** SHA-384 of a text, as hexadecimal digits. */
export const SHA384 = text.SHA384 as unknown as t.TextFunction;
/** SHA-512 of a text, as hexadecimal digits. */
export const SHA512 = text.SHA512 as unknown as t.TextFunction;
/** Number of characters: `LENGTH("name")`. */
export const Length = text.Length as unknown as t.NumberFunction;
/** Code point of the first character. */
export const Ord = text.Ord as unknown as t.NumberFunction;
/** Position of a text within another, 1 for the first, 0 where it is absent: `StrIndex("name", Value("x"))`. */
export const StrIndex = text.StrIndex as unknown as t.NumberFunction;

/**
 * Distance from zero: `ABS("x")`. Like all functions of this group, decimals stay decimals.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#math-functions
 */
export const Abs = math.Abs as unknown as t.SameFunction;
/** The next whole number above. */
export const Ceil = math.Ceil as unknown as t.SameFunction;
/** The next whole number below. */
export const Floor = math.Floor as unknown as t.SameFunction;
/** Rounded: `Round("price", 1)` to one digit. */
export const Round = math.Round as unknown as t.SameFunction;
/** -1, 0 or 1. */
export const Sign = math.Sign as unknown as t.SameFunction;
/** Remainder of a division: `Mod("a", "b")`. */
export const Mod = math.Mod as unknown as t.MathFunction;
/** `Power("a", 2)`. */
export const Power = math.Power as unknown as t.MathFunction;
/** Square root. */
export const Sqrt = math.Sqrt as unknown as t.MathFunction;
/** e to a power. */
export const Exp = math.Exp as unknown as t.MathFunction;
/** Natural logarithm. */
export const Ln = math.Ln as unknown as t.MathFunction;
/** Logarithm to a base: `Log(10, "x")`. */
export const Log = math.Log as unknown as t.MathFunction;
/** Arc cosine. */
export const ACos = math.ACos as unknown as t.MathFunction;
/** Arc sine. */
export const ASin = math.ASin as unknown as t.MathFunction;
/** Arc tangent. */
export const ATan = math.ATan as unknown as t.MathFunction;
/** Arc tangent of a quotient: `ATan2("y", "x")`. */
export const ATan2 = math.ATan2 as unknown as t.MathFunction;
/** Cosine. */
export const Cos = math.Cos as unknown as t.MathFunction;
/** Cotangent. */
export const Cot = math.Cot as unknown as t.MathFunction;
/** Sine. */
export const Sin = math.Sin as unknown as t.MathFunction;
/** Tangent. */
export const Tan = math.Tan as unknown as t.MathFunction;
/** Degrees of an angle in radians. */
export const Degrees = math.Degrees as unknown as t.MathFunction;
/** Radians of an angle in degrees. */
export const Radians = math.Radians as unknown as t.MathFunction;
/** π. */
export const Pi = math.Pi as unknown as t.ConstantFunction<number>;
/** A number from 0 up to 1, another for each row. */
export const Random = math.Random as unknown as t.ConstantFunction<number>;

/**
 * The moment at which the statement began, by the clock of the database.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#now
 */
export const Now = dates.Now as unknown as t.ConstantFunction<Date>;
/**
 * A part of a date, time or length of time as a number: `Extract("created", "year")`. Parts of moments are those of the time zone in force, or of `tzinfo`.
 * @throws ValueError for an unknown part or zone
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#extract
 */
export const Extract = dates.Extract as unknown as t.ExtractFunction;
/** The year: `ExtractYear("created")`. */
export const ExtractYear = dates.ExtractYear as unknown as t.NumberFunction;
/** The year that the ISO 8601 week belongs to. */
export const ExtractIsoYear = dates.ExtractIsoYear as unknown as t.NumberFunction;
/** The quarter, 1 to 4. */
export const ExtractQuarter = dates.ExtractQuarter as unknown as t.NumberFunction;
/** The month, 1 to 12. */
export const ExtractMonth = dates.ExtractMonth as unknown as t.NumberFunction;
/** The ISO 8601 week, 1 to 53. */
export const ExtractWeek = dates.ExtractWeek as unknown as t.NumberFunction;
/** The day of the month. */
export const ExtractDay = dates.ExtractDay as unknown as t.NumberFunction;
/** The day of the week: Sunday is 1, Saturday 7. */
export const ExtractWeekDay = dates.ExtractWeekDay as unknown as t.NumberFunction;
/** The day of the week: Monday is 1, Sunday 7. */
export const ExtractIsoWeekDay = dates.ExtractIsoWeekDay as unknown as t.NumberFunction;
/** The hour. */
export const ExtractHour = dates.ExtractHour as unknown as t.NumberFunction;
/** The minute. */
export const ExtractMinute = dates.ExtractMinute as unknown as t.NumberFunction;
/** The second, without its fraction. */
export const ExtractSecond = dates.ExtractSecond as unknown as t.NumberFunction;
/**
 * A date or moment cut to the start of a unit: `Trunc("created", "month")`, in the time zone in force or in `tzinfo`.
 * @throws ValueError for an unknown unit or zone
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#trunc
 */
export const Trunc = dates.Trunc as unknown as t.TruncFunction;
/** The start of the year. */
export const TruncYear = dates.TruncYear as unknown as t.SameFunction;
/** The start of the quarter. */
export const TruncQuarter = dates.TruncQuarter as unknown as t.SameFunction;
/** The start of the month: `TruncMonth("created")`. */
export const TruncMonth = dates.TruncMonth as unknown as t.SameFunction;
/** The Monday on which the week begins. */
export const TruncWeek = dates.TruncWeek as unknown as t.SameFunction;
/** The start of the day. */
export const TruncDay = dates.TruncDay as unknown as t.SameFunction;
/** The start of the hour. */
export const TruncHour = dates.TruncHour as unknown as t.SameFunction;
/** The start of the minute. */
export const TruncMinute = dates.TruncMinute as unknown as t.SameFunction;
/** The moment without the fraction of its second. */
export const TruncSecond = dates.TruncSecond as unknown as t.SameFunction;
/** The date of a moment. */
export const TruncDate = dates.TruncDate as unknown as t.PartFunction<"date">;
/** The time of day of a moment. */
export const TruncTime = dates.TruncTime as unknown as t.PartFunction<"time">;

/**
 * Number of the row within its partition. Like all functions of this group, for use in `Window`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/database-functions/#window-functions
 */
export const RowNumber = window.RowNumber as unknown as t.ConstantFunction<number>;
/** Rank of the row, with gaps after equals. */
export const Rank = window.Rank as unknown as t.ConstantFunction<number>;
/** Rank of the row, without gaps. */
export const DenseRank = window.DenseRank as unknown as t.ConstantFunction<number>;
/** Rank of the row as a share, 0 to 1. */
export const PercentRank = window.PercentRank as unknown as t.ConstantFunction<number>;
/** Share of the rows up to this one. */
export const CumeDist = window.CumeDist as unknown as t.ConstantFunction<number>;
/** Number of the group of the row, of so many: `Ntile(4)`. */
export const Ntile = window.Ntile as unknown as t.ConstantFunction<number>;
/** The value some rows before: `Lag("price", 1)`; NULL, or a default, before the first. */
export const Lag = window.Lag as unknown as t.OrNullFunction;
/** The value some rows after. */
export const Lead = window.Lead as unknown as t.OrNullFunction;
/** The value of the first row of the frame. */
export const FirstValue = window.FirstValue as unknown as t.SameFunction;
/** The value of the last row of the frame. */
export const LastValue = window.LastValue as unknown as t.SameFunction;
/** The value of a row of the frame: `NthValue("price", 2)`; NULL where there are fewer. */
export const NthValue = window.NthValue as unknown as t.OrNullFunction;

/** Several expressions as one: the left side of a comparison of tuples. */
export const Tuple = tuples.Tuple as unknown as (items: readonly unknown[]) => t.Expression<unknown[]>;
/** A comparison of several columns at once. */
export interface TupleLookupFunction {
  (left: readonly unknown[], right?: unknown): t.Condition<boolean>;
}
/** `(a, b) = (1, 2)`: `TupleExact([F("a"), F("b")], [1, 2])`. */
export const TupleExact = tuples.TupleExact as unknown as TupleLookupFunction;
/** `(a, b) IN ((1, 2), …)`. */
export const TupleIn = tuples.TupleIn as unknown as TupleLookupFunction;
/** Whether some member is NULL. */
export const TupleIsNull = tuples.TupleIsNull as unknown as TupleLookupFunction;
/** `(a, b) > (1, 2)`, in the order of words in a dictionary. */
export const TupleGreaterThan = tuples.TupleGreaterThan as unknown as TupleLookupFunction;
/** `(a, b) >= (1, 2)`. */
export const TupleGreaterThanOrEqual = tuples.TupleGreaterThanOrEqual as unknown as TupleLookupFunction;
/** `(a, b) < (1, 2)`. */
export const TupleLessThan = tuples.TupleLessThan as unknown as TupleLookupFunction;
/** `(a, b) <= (1, 2)`. */
export const TupleLessThanOrEqual = tuples.TupleLessThanOrEqual as unknown as TupleLookupFunction;
