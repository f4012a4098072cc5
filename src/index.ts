/** Everything babik gives its users. Run-time values get their types from `orm/types`. */
export { babik } from "./schema/orm.js";
export { abstractModel, defineModel as model } from "./orm/define.js";
export { atomic, getRollback, onCommit, setRollback } from "./orm/blocks.js";
export { timezone } from "./orm/timezone.js";
export { Manager } from "./orm/manager.js";
export { QuerySet } from "./orm/queryset.js";
export { Prefetch, prefetchRelatedObjects } from "./orm/prefetch.js";
export { sql } from "./orm/raw.js";
export * from "./base/errors.js";
export * from "./fields/factories.js";
export { CASCADE, DB_CASCADE, DB_SET_DEFAULT, DB_SET_NULL, DO_NOTHING, PROTECT, RESTRICT, SET, SET_DEFAULT, SET_NULL } from "./fields/relations.js";
export { Decimal } from "./base/values.js";
export { Temporal } from "./base/temporal.js";
export {
  ArraySubquery, Case, Cast, Collate, CombinedExpression, Contains, DatabaseDefault, EndsWith, Exact, Exists, ExpressionWrapper, F, FilteredRelation, GreaterThan,
  GreaterThanOrEqual, HasKey, IContains, IEndsWith, IExact, In, IRegex, IsNull, IStartsWith, LessThan, LessThanOrEqual, NegatedExpression, OrderBy, OuterRef,
  Range as RangeLookup, RawSQL, Regex, RowRange, Sliced, StartsWith, Subquery, Value, ValueRange, When, Window, WindowFrameExclusion,
} from "./expressions/makers.js";
export { AnyValue, Avg, Count, Max, Min, StdDev, StringAgg, Sum, Variance } from "./expressions/aggregate.js";
import { Q as QClass } from "./expressions/q.js";
import { callable } from "./fields/factories.js";
/** A condition that can be combined: `Q({ inStock: true }).or({ price__lt: 20 })`. */
export const Q = callable(QClass);
export { CheckConstraint, Deferrable, ExclusionConstraint, OpClass, UniqueConstraint } from "./meta/constraints.js";
export { BloomIndex, BrinIndex, BTreeIndex, GinIndex, GistIndex, HashIndex, Index, SpGistIndex } from "./meta/indexes.js";
export { Coalesce, Greatest, JSONArray, JSONObject, Least, NullIf } from "./expressions/functions/comparison.js";
export {
  Extract, ExtractDay, ExtractHour, ExtractIsoWeekDay, ExtractIsoYear, ExtractMinute, ExtractMonth, ExtractQuarter, ExtractSecond, ExtractWeek, ExtractWeekDay,
  ExtractYear, Now, Trunc, TruncDate, TruncDay, TruncHour, TruncMinute, TruncMonth, TruncQuarter, TruncSecond, TruncTime, TruncWeek, TruncYear,
} from "./expressions/functions/dates.js";
export * from "./expressions/functions/json.js";
export * from "./expressions/functions/math.js";
export {
  Chr, Concat, ConcatPair, Left, Length, Lower, LPad, LTrim, MD5, Ord, Repeat, Replace, Reverse, Right, RPad, RTrim, SHA1, SHA224, SHA256, SHA384, SHA512, StrIndex,
  Substr, Trim, Upper,
} from "./expressions/functions/text.js";
export * from "./expressions/functions/tuples.js";
export * from "./expressions/functions/window.js";
export { registerLookup, unregisterLookup, type Registrable, type UserLookup, type UserTransform } from "./lookups/register.js";
