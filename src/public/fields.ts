/**
 * Fields as users see them: the classes of `fields/factories.ts` under their public types. Only casts and documentation
 * stand here; `CharField` at run time is the same thing in all files.
 */
import * as make from "../fields/factories.js";
import type * as t from "../orm/types/fields.types.js";
import type { Range as RangeValue } from "../base/range.js";
import type { Decimal } from "decimal.js";
import type { Temporal } from "temporal-polyfill";

/**
 * A 32-bit key that the database numbers, read as `number`. Use it only to match a table that exists: the implicit key is
 * a `BigAutoField`.
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#autofield
 */
export const AutoField = make.AutoField as unknown as t.AutoFieldFunction;
/** A 16-bit key that the database numbers, read as `number`. */
export const SmallAutoField = make.SmallAutoField as unknown as t.AutoFieldFunction;
/**
 * A 64-bit key that the database numbers; the type of the implicit `id`. Read as `number`: a value past 2^53 is an error,
 * never rounded.
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#bigautofield
 */
export const BigAutoField = make.BigAutoField as unknown as t.AutoFieldFunction;
/**
 * A 32-bit integer: `stock: IntegerField({ default: 0 })`.
 * @throws ValidationError where `fullClean()` finds a value outside the column's range
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#integerfield
 */
export const IntegerField = make.IntegerField as unknown as t.IntegerFieldFunction;
/** A 16-bit integer. */
export const SmallIntegerField = make.SmallIntegerField as unknown as t.IntegerFieldFunction;
/** A 32-bit integer that is not negative; databases without such a type get a CHECK. */
export const PositiveIntegerField = make.PositiveIntegerField as unknown as t.IntegerFieldFunction;
/** A 16-bit integer that is not negative. */
export const PositiveSmallIntegerField = make.PositiveSmallIntegerField as unknown as t.IntegerFieldFunction;
/** A 64-bit integer, read as `bigint`; a `number` is accepted where it is a safe integer. */
export const BigIntegerField = make.BigIntegerField as unknown as t.BigIntegerFieldFunction;
/** A 64-bit integer that is not negative, read as `bigint`. */
export const PositiveBigIntegerField = make.PositiveBigIntegerField as unknown as t.BigIntegerFieldFunction;
/** A number of double precision. For money use `DecimalField`. */
export const FloatField = make.FloatField as unknown as t.FloatFieldFunction;
/**
 * An exact decimal, read as `Decimal` on every database, SQLite included; text and numbers are accepted.
 * @param options `maxDigits` and `decimalPlaces` are needed
 * @example price: DecimalField({ maxDigits: 10, decimalPlaces: 2 })   // numeric(10, 2)
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#decimalfield
 */
export const DecimalField = make.DecimalField as unknown as t.DecimalFieldFunction;
/** True or false: `inStock: BooleanField({ default: true })`. */
export const BooleanField = make.BooleanField as unknown as t.BooleanFieldFunction;
/**
 * Text up to a length. A list of `choices` narrows the value's type to their union.
 * @param options `maxLength` is needed
 * @example size: CharField({ maxLength: 1, choices: ["S", "M", "L"] })   // "S" | "M" | "L"; varchar(1)
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#charfield
 */
export const CharField = make.CharField as unknown as t.CharFieldFunction;
/** Text of any length. */
export const TextField = make.TextField as unknown as t.TextFieldFunction;
/** An e-mail address: text of up to 254 characters, checked by `fullClean()`. */
export const EmailField = make.EmailField as unknown as t.TextFieldFunction;
/** A web address: text of up to 200 characters, checked by `fullClean()`. */
export const URLField = make.URLField as unknown as t.TextFieldFunction;
/** A label for addresses (letters, digits, `-`, `_`), with an index. */
export const SlugField = make.SlugField as unknown as t.SlugFieldFunction;
/** A UUID, read as text with hyphens; `uuid` on PostgreSQL. */
export const UUIDField = make.UUIDField as unknown as t.UUIDFieldFunction;
/** An IPv4 or IPv6 address as text; `{ protocol: "IPv4" }` allows one kind only. */
export const GenericIPAddressField = make.GenericIPAddressField as unknown as t.GenericIPAddressFieldFunction;
/** Bytes, read as `Uint8Array`. */
export const BinaryField = make.BinaryField as unknown as t.BinaryFieldFunction;
/** A calendar date, read as `Temporal.PlainDate`; ISO text is accepted. `autoNow` and `autoNowAdd` stamp it. */
export const DateField = make.DateField as unknown as t.DateFieldFunction;
/** A time of day, read as `Temporal.PlainTime`; ISO text is accepted. */
export const TimeField = make.TimeField as unknown as t.TimeFieldFunction;
/**
 * A moment. With the default `precision: 3` a `Date`, with `precision: 6` a `Temporal.Instant`, so that reading back what
 * was saved never loses digits. Databases hold UTC.
 * @example created: DateTimeField({ autoNowAdd: true })
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#datetimefield
 */
export const DateTimeField = make.DateTimeField as unknown as t.DateTimeFieldFunction;
/** A length of time, read as `Temporal.Duration`; `interval` on PostgreSQL, microseconds elsewhere. */
export const DurationField = make.DurationField as unknown as t.DurationFieldFunction;
/**
 * A JSON document; the type argument says what it holds. SQL NULL and JSON null are told apart.
 * @example settings: JSONField<{ theme: "dark" | "light" }>({ default: () => ({ theme: "dark" }) })
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#jsonfield
 */
export const JSONField = make.JSONField as unknown as t.JSONFieldFunction;
/** The name of a file in its storage, as text. */
export const FileField = make.FileField as unknown as t.FileFieldFunction;
/** The name of an image in its storage, as text. */
export const ImageField = make.ImageField as unknown as t.FileFieldFunction;
/** The path of a file in a folder of the machine: `FilePathField({ path: "/srv/themes", match: /\.css$/ })`. */
export const FilePathField = make.FilePathField as unknown as t.FilePathFieldFunction;
/**
 * A column that the database computes. It is in no input, and its value type is that of `outputField`.
 * @example area: GeneratedField({ expression: F("side").mul(F("side")), outputField: IntegerField(), dbPersist: true })
 *   // integer GENERATED ALWAYS AS ("side" * "side") STORED
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#generatedfield
 */
export const GeneratedField = make.GeneratedField as unknown as t.GeneratedFieldFunction;
/**
 * A key of several fields, under the name `pk`: `pk: CompositePrimaryKey("tenant", "number")`. `row.pk` is a tuple.
 * @see https://docs.djangoproject.com/en/stable/topics/composite-primary-key/
 */
export const CompositePrimaryKey = make.CompositePrimaryKey as unknown as t.CompositePrimaryKeyFunction;
/**
 * Many to one. The column is `<name>Id` on instances; the accessor of the other side is `relatedName`, or `<model>Set`.
 * @param to label of the target: `"Category"`, `"shop.Category"` or `"self"`
 * @param options `onDelete` is needed
 * @example category: ForeignKey("Category", { onDelete: CASCADE, relatedName: "products" })
 *   // "category_id" bigint NOT NULL REFERENCES "shop_category" ("id")
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#foreignkey
 */
export const ForeignKey = make.ForeignKey as unknown as t.ForeignKeyFunction;
/** One to one: a foreign key that is unique; the other side is a row, not a set. */
export const OneToOneField = make.OneToOneField as unknown as t.OneToOneFieldFunction;
/**
 * Many to many, by a table of pairs that babik makes, or by the model named in `through`.
 * @example tags: ManyToManyField("Tag", { relatedName: "products" })
 * @see https://docs.djangoproject.com/en/stable/ref/models/fields/#manytomanyfield
 */
export const ManyToManyField = make.ManyToManyField as unknown as t.ManyToManyFieldFunction;
/**
 * A reference to a row of any model, kept in two other fields: a foreign key to the content type, and the row's key.
 * @example
 * class TaggedItem extends model("TaggedItem", {
 *   tag: SlugField(),
 *   contentType: ForeignKey("contenttypes.ContentType", { onDelete: CASCADE }),
 *   objectId: PositiveIntegerField(),
 *   contentObject: GenericForeignKey(),
 * }) {}
 * await (await TaggedItem.objects.get({ pk: 1 })).contentObject; // SELECT … FROM the table of whatever it is
 * @see https://docs.djangoproject.com/en/stable/ref/contrib/contenttypes/#generic-relations
 */
export const GenericForeignKey = make.GenericForeignKey as unknown as t.GenericForeignKeyFunction;
/**
 * The rows of a model that refer to this one by its `GenericForeignKey`. They are deleted with the row.
 * @example tags: GenericRelation("TaggedItem", { relatedQueryName: "product" })
 * // Product.objects.filter({ tags__tag: "new" }), TaggedItem.objects.filter({ product__price__lt: 20 })
 * @see https://docs.djangoproject.com/en/stable/ref/contrib/contenttypes/#reverse-generic-relations
 */
export const GenericRelation = make.GenericRelation as unknown as t.GenericRelationFunction;
/** A relation over several pairs of columns: `ForeignObject("Person", { fromFields, toFields, onDelete })`. */
export const ForeignObject = make.ForeignObject as unknown as ForeignObjectFunction;
/** The place of a row among its siblings, which `orderWithRespectTo` adds by itself. */
export const OrderWrt = make.OrderWrt as unknown as t.IntegerFieldFunction;

/** A list (PostgreSQL): `tags: ArrayField(CharField({ maxLength: 20 }), { size: 8 })` is `varchar(20)[8]`. */
export const ArrayField = make.ArrayField as unknown as t.ArrayFieldFunction;
/** Texts by keys (PostgreSQL, extension hstore). */
export const HStoreField = make.HStoreField as unknown as HStoreFieldFunction;
/** A text prepared for full text search (PostgreSQL). */
export const SearchVectorField = make.SearchVectorField as unknown as t.TextFieldFunction;
/** A range of 32-bit integers (PostgreSQL), read as `Range<number>`. */
export const IntegerRangeField = make.IntegerRangeField as unknown as RangeFieldFunction<number, number>;
/** A range of 64-bit integers (PostgreSQL), read as `Range<bigint>`. */
export const BigIntegerRangeField = make.BigIntegerRangeField as unknown as RangeFieldFunction<bigint, bigint | number>;
/** A range of decimals (PostgreSQL), read as `Range<Decimal>`. */
export const DecimalRangeField = make.DecimalRangeField as unknown as RangeFieldFunction<Decimal, t.DecimalInput>;
/** A range of dates (PostgreSQL), read as `Range<Temporal.PlainDate>`. */
export const DateRangeField = make.DateRangeField as unknown as RangeFieldFunction<Temporal.PlainDate, t.DateInput>;
/** A range of moments (PostgreSQL), read as `Range<Date>`. */
export const DateTimeRangeField = make.DateTimeRangeField as unknown as RangeFieldFunction<Date, t.MomentInput>;
/** Values between two ends: `Range(1, 5)` holds 1 to 4, `Range(1, null)` has no end, `Range.empty()` holds nothing. */
export const Range = make.Range as unknown as RangeConstructor;
/** Values between two ends, as range columns hold them. */
export type Range<T = unknown> = RangeValue<T>;

/** `Range(1, 5)`, as a value. */
export interface RangeConstructor {
  <T>(lower: T | null, upper: T | null, bounds?: RangeValue["bounds"]): RangeValue<T>;
  new <T>(lower?: T | null, upper?: T | null, bounds?: RangeValue["bounds"]): RangeValue<T>;
  /** The range that holds nothing. */
  empty<T>(): RangeValue<T>;
  readonly prototype: RangeValue;
}
/** Options of fields of ranges. */
export interface RangeOptions<In> extends t.FieldOptions<RangeValue<In> | readonly [In | null, In | null]> {
  /** Which ends belong to a range that is given as a list of two; `"[)"` by default. */
  readonly defaultBounds?: RangeValue["bounds"];
}
/** A field of ranges: `T` is read, `In` is accepted. */
export interface RangeFieldFunction<T, In> {
  <const O extends RangeOptions<In> = {}>(
    options?: O & t.Only<O, RangeOptions<In>>,
  ): t.Field<RangeValue<T>, RangeValue<In> | readonly [In | null, In | null], "range", O>;
}
/** `HStoreField`. */
export interface HStoreFieldFunction {
  <const O extends t.FieldOptions<Readonly<Record<string, string | null>>> = {}>(
    options?: O & t.Only<O, t.FieldOptions<unknown>>,
  ): t.Field<Record<string, string | null>, Readonly<Record<string, string | null>>, "unknown", O>;
}
/** `ForeignObject`: it has no column of its own, so nothing is known of its values. */
export interface ForeignObjectFunction {
  <const To extends string>(
    to: To,
    options: t.RelationOptions & {
      readonly onDelete: t.OnDelete;
      readonly fromFields: readonly string[];
      readonly toFields: readonly string[];
    },
  ): t.Rel<"fk", To, { readonly null: true }>;
}
