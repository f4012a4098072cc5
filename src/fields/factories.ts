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

export const AutoField: Callable<typeof keys.AutoField> = callable(keys.AutoField);
export const SmallAutoField: Callable<typeof keys.SmallAutoField> = callable(keys.SmallAutoField);
export const BigAutoField: Callable<typeof keys.BigAutoField> = callable(keys.BigAutoField);
export const IntegerField: Callable<typeof integers.IntegerField> = callable(integers.IntegerField);
export const SmallIntegerField: Callable<typeof integers.SmallIntegerField> = callable(integers.SmallIntegerField);
export const BigIntegerField: Callable<typeof integers.BigIntegerField> = callable(integers.BigIntegerField);
export const PositiveIntegerField: Callable<typeof integers.PositiveIntegerField> = callable(
  integers.PositiveIntegerField,
);
export const PositiveSmallIntegerField: Callable<typeof integers.PositiveSmallIntegerField> = callable(
  integers.PositiveSmallIntegerField,
);
export const PositiveBigIntegerField: Callable<typeof integers.PositiveBigIntegerField> = callable(
  integers.PositiveBigIntegerField,
);
export const OrderWrt: Callable<typeof integers.OrderWrt> = callable(integers.OrderWrt);
export const FloatField: Callable<typeof decimals.FloatField> = callable(decimals.FloatField);
export const DecimalField: Callable<typeof decimals.DecimalField> = callable(decimals.DecimalField);
export const BooleanField: Callable<typeof other.BooleanField> = callable(other.BooleanField);
export const UUIDField: Callable<typeof other.UUIDField> = callable(other.UUIDField);
export const BinaryField: Callable<typeof other.BinaryField> = callable(other.BinaryField);
export const GenericIPAddressField: Callable<typeof other.GenericIPAddressField> = callable(
  other.GenericIPAddressField,
);
export const CharField: Callable<typeof text.CharField> = callable(text.CharField);
export const TextField: Callable<typeof text.TextField> = callable(text.TextField);
export const SlugField: Callable<typeof text.SlugField> = callable(text.SlugField);
export const EmailField: Callable<typeof text.EmailField> = callable(text.EmailField);
export const URLField: Callable<typeof text.URLField> = callable(text.URLField);
export const DateField: Callable<typeof dates.DateField> = callable(dates.DateField);
export const TimeField: Callable<typeof dates.TimeField> = callable(dates.TimeField);
export const DateTimeField: Callable<typeof dates.DateTimeField> = callable(dates.DateTimeField);
export const DurationField: Callable<typeof duration.DurationField> = callable(duration.DurationField);
export const JSONField: Callable<typeof json.JSONField> = callable(json.JSONField);
export const FileField: Callable<typeof files.FileField> = callable(files.FileField);
export const ImageField: Callable<typeof files.ImageField> = callable(files.ImageField);
export const FilePathField: Callable<typeof files.FilePathField> = callable(files.FilePathField);
export const GeneratedField: Callable<typeof generated.GeneratedField> = callable(generated.GeneratedField);
export const CompositePrimaryKey: Callable<typeof generated.CompositePrimaryKey> = callable(
  generated.CompositePrimaryKey,
);
export const ArrayField: Callable<typeof arrays.ArrayField> = callable(arrays.ArrayField);
export const HStoreField: Callable<typeof arrays.HStoreField> = callable(arrays.HStoreField);
export const SearchVectorField: Callable<typeof arrays.SearchVectorField> = callable(arrays.SearchVectorField);
export const IntegerRangeField: Callable<typeof ranges.IntegerRangeField> = callable(ranges.IntegerRangeField);
export const BigIntegerRangeField: Callable<typeof ranges.BigIntegerRangeField> = callable(ranges.BigIntegerRangeField);
export const DecimalRangeField: Callable<typeof ranges.DecimalRangeField> = callable(ranges.DecimalRangeField);
export const DateRangeField: Callable<typeof ranges.DateRangeField> = callable(ranges.DateRangeField);
export const DateTimeRangeField: Callable<typeof ranges.DateTimeRangeField> = callable(ranges.DateTimeRangeField);
export const ForeignKey: Callable<typeof relations.ForeignKey> = callable(relations.ForeignKey);
export const OneToOneField: Callable<typeof relations.OneToOneField> = callable(relations.OneToOneField);
export const ManyToManyField: Callable<typeof relations.ManyToManyField> = callable(relations.ManyToManyField);
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
