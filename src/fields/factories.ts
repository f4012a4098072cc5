/**
 * Every field under its public name as a plain call: `CharField({ maxLength: 100 })`. Each is the class itself behind a
 * door that does without `new`, so `instanceof` and `extends` work with it too. Typed signatures stand elsewhere.
 */
import { Range as RangeClass } from "../base/range.js";
import * as arrays from "./arrays.js";
import * as dates from "./dates.js";
import * as decimals from "./decimals.js";
import * as duration from "./duration.js";
import * as files from "./files.js";
import * as generated from "./generated.js";
import * as generic from "./generic.js";
import * as integers from "./integers.js";
import * as keys from "./keys.js";
import * as json from "./json.js";
import * as other from "./other.js";
import * as ranges from "./ranges.js";
import * as relations from "./relations.js";
import * as text from "./text.js";

/** A class that can be called without `new` as well. */
export type Callable<C extends new (...args: never[]) => object> = C &
  ((...args: ConstructorParameters<C>) => InstanceType<C>);

/** Makes a class callable without `new`. The prototype is the same object, so both names make the same kind of thing. */
export function callable<C extends new (...args: never[]) => object>(cls: C): Callable<C> {
  return new Proxy(cls, {
    apply: (target, _this, args: unknown[]) => Reflect.construct(target, args) as object,
  }) as Callable<C>;
}

/** A 32-bit key that the database numbers. */
export const AutoField: Callable<typeof keys.AutoField> = callable(keys.AutoField);
/** A 16-bit key that the database numbers. */
export const SmallAutoField: Callable<typeof keys.SmallAutoField> = callable(keys.SmallAutoField);
/** A 64-bit key that the database numbers; the type of implicit keys. */
export const BigAutoField: Callable<typeof keys.BigAutoField> = callable(keys.BigAutoField);
/** A 32-bit integer. */
export const IntegerField: Callable<typeof integers.IntegerField> = callable(integers.IntegerField);
/** A 16-bit integer. */
export const SmallIntegerField: Callable<typeof integers.SmallIntegerField> = callable(integers.SmallIntegerField);
/** A 64-bit integer, as bigint. */
export const BigIntegerField: Callable<typeof integers.BigIntegerField> = callable(integers.BigIntegerField);
/** A 32-bit integer that is not negative. */
export const PositiveIntegerField: Callable<typeof integers.PositiveIntegerField> = callable(
  integers.PositiveIntegerField,
);
/** A 16-bit integer that is not negative. */
export const PositiveSmallIntegerField: Callable<typeof integers.PositiveSmallIntegerField> = callable(
  integers.PositiveSmallIntegerField,
);
/** A 64-bit integer that is not negative, as bigint. */
export const PositiveBigIntegerField: Callable<typeof integers.PositiveBigIntegerField> = callable(
  integers.PositiveBigIntegerField,
);
/** The place of a row among its siblings. */
export const OrderWrt: Callable<typeof integers.OrderWrt> = callable(integers.OrderWrt);
/** A number of double precision. */
export const FloatField: Callable<typeof decimals.FloatField> = callable(decimals.FloatField);
/** An exact decimal: `DecimalField({ maxDigits: 10, decimalPlaces: 2 })`. */
export const DecimalField: Callable<typeof decimals.DecimalField> = callable(decimals.DecimalField);
/** True or false. */
export const BooleanField: Callable<typeof other.BooleanField> = callable(other.BooleanField);
/** A UUID, as text with hyphens. */
export const UUIDField: Callable<typeof other.UUIDField> = callable(other.UUIDField);
/** Bytes, as Uint8Array. */
export const BinaryField: Callable<typeof other.BinaryField> = callable(other.BinaryField);
/** An IPv4 or IPv6 address. */
export const GenericIPAddressField: Callable<typeof other.GenericIPAddressField> = callable(
  other.GenericIPAddressField,
);
/** Text of a length: `CharField({ maxLength: 100 })`. */
export const CharField: Callable<typeof text.CharField> = callable(text.CharField);
/** Text of any length. */
export const TextField: Callable<typeof text.TextField> = callable(text.TextField);
/** A label for addresses. */
export const SlugField: Callable<typeof text.SlugField> = callable(text.SlugField);
/** An e-mail address. */
export const EmailField: Callable<typeof text.EmailField> = callable(text.EmailField);
/** A web address. */
export const URLField: Callable<typeof text.URLField> = callable(text.URLField);
/** A calendar date, as Temporal.PlainDate. */
export const DateField: Callable<typeof dates.DateField> = callable(dates.DateField);
/** A time of day, as Temporal.PlainTime. */
export const TimeField: Callable<typeof dates.TimeField> = callable(dates.TimeField);
/** A moment: Date, or Temporal.Instant with `{ precision: 6 }`. */
export const DateTimeField: Callable<typeof dates.DateTimeField> = callable(dates.DateTimeField);
/** A length of time, as Temporal.Duration. */
export const DurationField: Callable<typeof duration.DurationField> = callable(duration.DurationField);
/** A JSON document. */
export const JSONField: Callable<typeof json.JSONField> = callable(json.JSONField);
/** The path of a file in its storage. */
export const FileField: Callable<typeof files.FileField> = callable(files.FileField);
/** The path of an image. */
export const ImageField: Callable<typeof files.ImageField> = callable(files.ImageField);
/** The name of a file in a folder. */
export const FilePathField: Callable<typeof files.FilePathField> = callable(files.FilePathField);
/** A column that the database computes: `GeneratedField({ expression, outputField, dbPersist })`. */
export const GeneratedField: Callable<typeof generated.GeneratedField> = callable(generated.GeneratedField);
/** A key of several columns: `CompositePrimaryKey("tenant", "id")`. */
export const CompositePrimaryKey: Callable<typeof generated.CompositePrimaryKey> = callable(
  generated.CompositePrimaryKey,
);
/** A list (PostgreSQL): `ArrayField(IntegerField(), { size: 3 })`. */
export const ArrayField: Callable<typeof arrays.ArrayField> = callable(arrays.ArrayField);
/** Texts by keys (PostgreSQL). */
export const HStoreField: Callable<typeof arrays.HStoreField> = callable(arrays.HStoreField);
/** A text prepared for full text search (PostgreSQL). */
export const SearchVectorField: Callable<typeof arrays.SearchVectorField> = callable(arrays.SearchVectorField);
/** A range of 32-bit integers (PostgreSQL). */
export const IntegerRangeField: Callable<typeof ranges.IntegerRangeField> = callable(ranges.IntegerRangeField);
/** A range of 64-bit integers (PostgreSQL). */
export const BigIntegerRangeField: Callable<typeof ranges.BigIntegerRangeField> = callable(ranges.BigIntegerRangeField);
/** A range of decimals (PostgreSQL). */
export const DecimalRangeField: Callable<typeof ranges.DecimalRangeField> = callable(ranges.DecimalRangeField);
/** A range of dates (PostgreSQL). */
export const DateRangeField: Callable<typeof ranges.DateRangeField> = callable(ranges.DateRangeField);
/** A range of moments (PostgreSQL). */
export const DateTimeRangeField: Callable<typeof ranges.DateTimeRangeField> = callable(ranges.DateTimeRangeField);
/** Many to one: `ForeignKey("Category", { onDelete: CASCADE })`. */
export const ForeignKey: Callable<typeof relations.ForeignKey> = callable(relations.ForeignKey);
/** One to one: `OneToOneField("User", { onDelete: CASCADE })`. */
export const OneToOneField: Callable<typeof relations.OneToOneField> = callable(relations.OneToOneField);
/** Many to many: `ManyToManyField("Tag")`. */
export const ManyToManyField: Callable<typeof relations.ManyToManyField> = callable(relations.ManyToManyField);
/** A row of any model: `GenericForeignKey()` beside `contentType` and `objectId`. */
export const GenericForeignKey: Callable<typeof generic.GenericForeignKey> = callable(generic.GenericForeignKey);
/** Rows that refer here by a generic foreign key: `GenericRelation("TaggedItem")`. */
export const GenericRelation: Callable<typeof generic.GenericRelation> = callable(generic.GenericRelation);
/** A relation over several pairs of columns: `ForeignObject("Person", { fromFields: [...], toFields: [...], onDelete })`. */
export function ForeignObject(
  to: string,
  options: relations.RelationOptions & { readonly fromFields: readonly string[]; readonly toFields: readonly string[] },
): relations.ForeignObject {
  const { fromFields, toFields, ...rest } = options;
  return new relations.ForeignObject(to, rest, fromFields, toFields);
}
/** `Range(1, 5)`, `Range.empty()`. */
export const Range: Callable<typeof RangeClass> = callable(RangeClass);
