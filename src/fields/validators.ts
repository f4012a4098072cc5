/**
 * Django's validators as functions: each refuses a value with a `ValidationError` that carries message, code and params.
 * Those of net addresses stand in validators-net.ts. They must not know fields or models.
 */
import { ValidationError, ValueError } from "../base/errors.js";
import { asTemporal, Temporal } from "../base/temporal.js";
import { asDecimal, Decimal, parseDecimal } from "../base/values.js";
import type { Validator } from "./field.js";

export * from "./ip.js";
export * from "./validators-net.js";

/** A limit, or a function that gives it each time. */
export type Limit = unknown;
function limitOf(limit: Limit): unknown {
  return typeof limit === "function" ? (limit as () => unknown)() : limit;
}

/** Order of two values of one kind: numbers of all sorts by value, dates by time, texts by code unit. */
export function compareValues(a: unknown, b: unknown): number {
  const [da, db] = [asDecimal(a), asDecimal(b)];
  if (da !== undefined || db !== undefined) {
    const other = (v: unknown) => (typeof v === "bigint" ? v.toString() : (v as number | string));
    return new Decimal(da ?? other(a)).comparedTo(db ?? other(b));
  }
  for (const kind of ["Instant", "PlainDate", "PlainTime", "Duration"] as const) {
    const [ta, tb] = [asTemporal(kind, a), asTemporal(kind, b)];
    if (ta !== undefined && tb !== undefined)
      return (Temporal[kind] as unknown as { compare(x: unknown, y: unknown): number }).compare(ta, tb);
  }
  const x = a instanceof Date ? a.getTime() : (a as number);
  const y = b instanceof Date ? b.getTime() : (b as number);
  return x < y ? -1 : x > y ? 1 : 0;
}

function shown(limit: unknown): string {
  return typeof limit === "object" && limit !== null ? String(limit) : `${limit as string}`;
}

/** Refuses values greater than the limit. */
export function MaxValueValidator(limit: Limit, message?: string): Validator & { readonly maxValue: unknown } {
  const run: Validator = (value) => {
    const max = limitOf(limit);
    if (compareValues(value, max) > 0)
      throw new ValidationError(message ?? `Ensure this value is less than or equal to ${shown(max)}.`, "max_value", {
        limitValue: max,
        value,
      });
  };
  return Object.assign(run, { maxValue: limit });
}
/** Refuses values less than the limit. */
export function MinValueValidator(limit: Limit, message?: string): Validator & { readonly minValue: unknown } {
  const run: Validator = (value) => {
    const min = limitOf(limit);
    if (compareValues(value, min) < 0)
      throw new ValidationError(
        message ?? `Ensure this value is greater than or equal to ${shown(min)}.`,
        "min_value",
        { limitValue: min, value },
      );
  };
  return Object.assign(run, { minValue: limit });
}

/** Refuses values that are no multiple of `step`, counted from `offset`. */
export function StepValueValidator(step: number | string, message?: string, offset: number | string = 0): Validator {
  const width = new Decimal(step);
  const start = new Decimal(offset);
  if (width.isZero()) throw new ValueError("A step must not be 0.", "validator.step");
  return (value) => {
    const n = asDecimal(value) ?? new Decimal(String(value));
    if (n.minus(start).mod(width).isZero()) return;
    const from = start.isZero()
      ? ""
      : `, starting from ${offset}, e.g. ${offset}, ${start.plus(width)}, ${start.plus(width.times(2))}, and so on`;
    throw new ValidationError(message ?? `Ensure this value is a multiple of step size ${step}${from}.`, "step_size", {
      limitValue: step,
      value,
    });
  };
}

// Characters as people count them, not code units: databases count them so too.
function lengthOf(value: unknown): number {
  if (typeof value !== "string") return (value as { length: number }).length;
  let n = value.length;
  for (let i = 0; i < value.length - 1; i++) if ((value.charCodeAt(i) & 0xfc00) === 0xd800) n--;
  return n;
}
const items = (value: unknown, n: number): string =>
  typeof value === "string"
    ? `character${n === 1 ? "" : "s"}`
    : value instanceof Uint8Array
      ? `byte${n === 1 ? "" : "s"}`
      : `item${n === 1 ? "" : "s"}`;

/** Refuses texts, bytes and lists longer than the limit. */
export function MaxLengthValidator(limit: number | (() => number), message?: string): Validator {
  return (value) => {
    const max = limitOf(limit) as number;
    const length = lengthOf(value);
    if (length > max)
      throw new ValidationError(
        message ?? `Ensure this value has at most ${max} ${items(value, max)} (it has ${length}).`,
        "max_length",
        {
          limitValue: max,
          showValue: length,
          value,
        },
      );
  };
}
/** Refuses texts, bytes and lists shorter than the limit. */
export function MinLengthValidator(limit: number | (() => number), message?: string): Validator {
  return (value) => {
    const min = limitOf(limit) as number;
    const length = lengthOf(value);
    if (length < min)
      throw new ValidationError(
        message ?? `Ensure this value has at least ${min} ${items(value, min)} (it has ${length}).`,
        "min_length",
        {
          limitValue: min,
          showValue: length,
          value,
        },
      );
  };
}

/** Options of `RegexValidator`. */
export interface RegexOptions {
  readonly message?: string;
  readonly code?: string;
  /** Refuse what matches instead. */
  readonly inverseMatch?: boolean;
  readonly flags?: string;
}
/** Refuses texts in which the expression is not found (with `inverseMatch`: is found). */
export function RegexValidator(regex: RegExp | string, options: RegexOptions = {}): Validator {
  if (regex instanceof RegExp && options.flags !== undefined)
    throw new ValueError("Flags belong to the expression itself when it is a RegExp.", "validator.flags");
  // A global or sticky expression would remember where it stopped.
  const pattern =
    regex instanceof RegExp
      ? new RegExp(regex.source, regex.flags.replace(/[gy]/g, ""))
      : new RegExp(regex, options.flags);
  return (value) => {
    if (pattern.test(String(value)) === (options.inverseMatch ?? false))
      throw new ValidationError(options.message ?? "Enter a valid value.", options.code ?? "invalid", { value });
  };
}

/** Letters, digits, underscores and hyphens. */
export const validateSlug: Validator = RegexValidator(/^[-a-zA-Z0-9_]+$/, {
  message: "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
});
/** The same with letters and digits of all scripts. */
export const validateUnicodeSlug: Validator = RegexValidator(/^[-\p{L}\p{M}\p{N}_]+$/u, {
  message: "Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens.",
});
/** Options of `intListValidator`. */
export interface IntListOptions {
  readonly sep?: string;
  readonly message?: string;
  readonly code?: string;
  readonly allowNegative?: boolean;
}
/** Refuses what is no list of integers parted by `sep`. */
export function intListValidator(options: IntListOptions = {}): Validator {
  const { sep = ",", allowNegative = false } = options;
  const one = allowNegative ? /^-?[0-9]+$/ : /^[0-9]+$/;
  return (value) => {
    if (
      !String(value)
        .split(sep)
        .every((part) => one.test(part))
    )
      throw new ValidationError(
        options.message ?? "Enter only digits separated by commas.",
        options.code ?? "invalid",
        { value },
      );
  };
}
/** Digits parted by commas. */
export const validateCommaSeparatedIntegerList: Validator = intListValidator();
/** Refuses texts that are no integer. */
export const validateInteger: Validator = RegexValidator(/^-?[0-9]+$/, { message: "Enter a valid integer." });

/** Refuses decimals with more digits than a column has, saying which part is too long. */
export function DecimalValidator(maxDigits: number, decimalPlaces: number): Validator {
  return (value) => {
    const d =
      asDecimal(value) ??
      (typeof value === "string" ? parseDecimal(value) : typeof value === "number" ? new Decimal(value) : undefined);
    if (d === undefined || !d.isFinite()) throw new ValidationError("Enter a number.", "invalid", { value });
    const places = d.decimalPlaces();
    const whole = d.isZero() ? 0 : Math.max(0, d.e + 1);
    const fail = (max: number, what: string, code: string) => {
      throw new ValidationError(`Ensure that there are no more than ${max} ${what}.`, code, { max, value });
    };
    if (whole + places > maxDigits) fail(maxDigits, `digit${maxDigits === 1 ? "" : "s"} in total`, "max_digits");
    if (places > decimalPlaces)
      fail(decimalPlaces, `decimal place${decimalPlaces === 1 ? "" : "s"}`, "max_decimal_places");
    const most = maxDigits - decimalPlaces;
    if (whole > most) fail(most, `digit${most === 1 ? "" : "s"} before the decimal point`, "max_whole_digits");
  };
}

/** Refuses texts with U+0000. */
export function ProhibitNullCharactersValidator(message?: string, code?: string): Validator {
  return (value) => {
    if (String(value).includes("\0"))
      throw new ValidationError(message ?? "Null characters are not allowed.", code ?? "null_characters_not_allowed", {
        value,
      });
  };
}

/** Refuses file names whose extension (in any case, without the dot) is not in the list. */
export function FileExtensionValidator(allowed?: readonly string[], message?: string): Validator {
  const list = allowed?.map((e) => e.toLowerCase());
  return (value) => {
    const name = typeof value === "string" ? value : String((value as { name?: unknown }).name ?? "");
    const base = name.slice(name.lastIndexOf("/") + 1);
    const dot = base.lastIndexOf(".");
    const extension = dot <= 0 ? "" : base.slice(dot + 1).toLowerCase();
    if (list !== undefined && !list.includes(extension))
      throw new ValidationError(
        message ?? `File extension “${extension}” is not allowed. Allowed extensions are: ${list.join(", ")}.`,
        "invalid_extension",
        { extension, allowedExtensions: list, value },
      );
  };
}

/** File extensions of images that browsers show. */
const IMAGE_EXTENSIONS = ["apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp"];
/** Refuses names without an image's extension. */
export const validateImageFileExtension: Validator = FileExtensionValidator(IMAGE_EXTENSIONS);
