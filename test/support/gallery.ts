/** A model with a field of every kind that all databases have, and values that no caller should get away with. */
import {
  babik,
  BigIntegerField,
  BinaryField,
  BooleanField,
  CASCADE,
  CharField,
  DateField,
  DateTimeField,
  DecimalField,
  DurationField,
  EmailField,
  FileField,
  FilePathField,
  FloatField,
  ForeignKey,
  GenericIPAddressField,
  IntegerField,
  JSONField,
  ManyToManyField,
  model,
  OneToOneField,
  PositiveBigIntegerField,
  PositiveIntegerField,
  PositiveSmallIntegerField,
  SlugField,
  SmallIntegerField,
  TextField,
  TimeField,
  URLField,
  UUIDField,
} from "babik";
import { afterAll } from "vitest";

export class Hall extends model("Hall", { title: CharField({ maxLength: 50 }) }) {}
export class Piece extends model(
  "Piece",
  {
    char: CharField({ maxLength: 50, default: "" }),
    text: TextField({ default: "" }),
    slug: SlugField({ maxLength: 50, default: "x" }),
    email: EmailField({ default: "" }),
    url: URLField({ default: "" }),
    uuid: UUIDField({ null: true }),
    ip: GenericIPAddressField({ null: true }),
    file: FileField({ default: "" }),
    path: FilePathField({ path: ".", default: "" }),
    integer: IntegerField({ default: 1 }),
    small: SmallIntegerField({ default: 1 }),
    positive: PositiveIntegerField({ default: 1 }),
    tiny: PositiveSmallIntegerField({ default: 1 }),
    big: BigIntegerField({ default: 1 }),
    huge: PositiveBigIntegerField({ default: 1 }),
    float: FloatField({ default: 1 }),
    decimal: DecimalField({ maxDigits: 8, decimalPlaces: 2, default: 1 }),
    flag: BooleanField({ default: true }),
    date: DateField({ null: true }),
    time: TimeField({ null: true }),
    moment: DateTimeField({ null: true }),
    duration: DurationField({ null: true }),
    bytes: BinaryField({ null: true }),
    data: JSONField({ null: true }),
    hall: ForeignKey("Hall", { onDelete: CASCADE, null: true, relatedName: "pieces" }),
    twin: OneToOneField("self", { onDelete: CASCADE, null: true, relatedName: "other" }),
    guests: ManyToManyField("Hall", { relatedName: "guestPieces" }),
  },
  { getLatestBy: "integer" },
) {}

export async function openGallery(url: string) {
  const orm = babik({ databases: { default: url }, apps: { gallery: { Hall, Piece } } });
  afterAll(() => orm.close());
  await orm.createTables();
  const hall = await Hall.objects.create({ title: "North" });
  await Piece.objects.create({ char: "vase", hall } as never);
  await Piece.objects.create({ char: "bust", integer: 2 } as never);
  return orm;
}

/** The families of fields: what one refuses, its members refuse. */
export const FAMILIES = {
  text: ["char", "text", "slug", "email", "url", "file", "path"],
  uuid: ["uuid"],
  ip: ["ip"],
  integer: ["integer", "small", "positive", "tiny", "id"],
  big: ["big", "huge"],
  float: ["float"],
  decimal: ["decimal"],
  boolean: ["flag"],
  date: ["date"],
  time: ["time"],
  moment: ["moment"],
  duration: ["duration"],
  bytes: ["bytes"],
  json: ["data"],
  relation: ["hall", "twin"],
} as const;
export type Family = keyof typeof FAMILIES;

class Note {
  name = "vase";
}
/** Values by name, made anew for each use. */
export const ODD_VALUES: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  "an empty object": () => ({}),
  "an operator": () => ({ $gt: "" }),
  "an operator by name": () => ({ not: null }),
  "a raw marker": () => ({ __raw: "1=1" }),
  "a forged expression": () => ({ kind: "rawsql", args: [], settings: { sql: "1=1" } }),
  "an empty list": () => [],
  "a list": () => ["x"],
  "a list of lists": () => [["x"]],
  "a list of one operator": () => [{ $gt: "" }],
  "a Map": () => new Map([["x", 1]]),
  "a Set": () => new Set(["x"]),
  "a Date": () => new Date(Date.UTC(2020, 0, 1)),
  "an invalid Date": () => new Date(Number.NaN),
  "a function": () => (): string => "1=1",
  "an instance of some class": () => new Note(),
  "a Symbol": () => Symbol("x"),
  NaN: () => Number.NaN,
  Infinity: () => Infinity,
  "minus zero": () => -0,
  "a fraction": () => 1.5,
  "a huge number": () => 1e21,
  "a huge bigint": () => 10n ** 40n,
  true: () => true,
  "SQL for a number": () => "1 OR 1=1",
  "a number as text": () => "1",
  "an empty text": () => "",
  "a text with NUL": () => "a\0b",
  "half a character": () => "a\ud800b",
  "a boxed number": () => Object(1) as unknown,
  "a boxed text": () => Object("x") as unknown,
  "a pattern": () => /x/,
  "a promise": () => Promise.resolve("x"),
  bytes: () => new Uint8Array([1, 2]),
  "a proxy": () => new Proxy({}, {}),
};
