/**
 * Cursors: places in an order as texts that go out and come back. Each names the order it was made for and carries a check, so that
 * one that was changed, cut or mixed up is refused before anything is asked. Values are those of the driver, so nothing is rounded.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { InvalidCursor, NotSupportedError } from "../../base/errors.js";

/** A place in an order, and the way to go from there. */
export interface Place {
  readonly backwards: boolean;
  /** The row at the place itself counts too. */
  readonly inclusive: boolean;
  /** The values of the terms of the order, as the driver gives and takes them. */
  readonly values: readonly unknown[];
}
/** More than any order of a few columns needs. */
const LONGEST = 16_384;
const ORDER_BYTES = 6;
const CHECK_BYTES = 12;
const START = ORDER_BYTES + CHECK_BYTES;

/** Writes and reads the cursors of one order. */
export class CursorCodec {
  readonly #terms: number;
  readonly #order: Buffer;
  readonly #secret: string;

  /**
   * @param terms number of values of a place
   * @param order what tells this order from others
   * @param secret signs cursors; without one the check finds mistakes, but no forgery
   */
  constructor(terms: number, order: string, secret: string) {
    this.#terms = terms;
    this.#order = createHash("sha256").update(order).digest().subarray(0, ORDER_BYTES);
    this.#secret = secret;
  }
  #check(body: Buffer): Buffer {
    return createHmac("sha256", `babik keyset ${this.#secret}`)
      .update(this.#order)
      .update(body)
      .digest()
      .subarray(0, CHECK_BYTES);
  }
  encode(place: Place): string {
    const body = Buffer.from(
      JSON.stringify([(place.backwards ? 1 : 0) + (place.inclusive ? 2 : 0), ...place.values.map(plain)]),
    );
    return Buffer.concat([this.#order, this.#check(body), body]).toString("base64url");
  }
  /** @throws InvalidCursor for what this codec did not write */
  decode(cursor: unknown): Place {
    if (typeof cursor !== "string" || cursor === "" || cursor.length > LONGEST || !/^[\w-]+$/.test(cursor))
      throw broken();
    const bytes = Buffer.from(cursor, "base64url");
    if (bytes.length <= START || bytes.toString("base64url") !== cursor) throw broken();
    const body = bytes.subarray(START);
    if (!timingSafeEqual(bytes.subarray(0, ORDER_BYTES), this.#order))
      throw new InvalidCursor(
        "The cursor was made for another model or another order. Use it with the order it came from, or begin at the first page.",
        "page.cursor_order",
      );
    if (!timingSafeEqual(bytes.subarray(ORDER_BYTES, START), this.#check(body))) throw broken();
    try {
      const [flags, ...values] = JSON.parse(body.toString()) as [number, ...unknown[]];
      if (values.length !== this.#terms) throw broken();
      return { backwards: (flags & 1) === 1, inclusive: (flags & 2) === 2, values: values.map(driverValue) };
    } catch (error) {
      throw error instanceof InvalidCursor ? error : broken(error);
    }
  }
}
function broken(cause?: unknown): InvalidCursor {
  return new InvalidCursor(
    "This is no cursor of this paginator: it was cut, changed, or made by another program. Begin at the first page.",
    "page.cursor",
    { cause },
  );
}
// What JSON has no word for is a list of its kind and its text.
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return ["n", value.toString()];
  if (typeof value === "number" && !Number.isFinite(value)) return ["f", String(value)];
  if (value instanceof Uint8Array) return ["b", Buffer.from(value).toString("base64")];
  if (value instanceof Date) return ["d", value.getTime()];
  if (typeof value === "object" && value !== null)
    throw new NotSupportedError("KeysetPaginator() cannot go by lists and documents.", "keyset.type");
  return value ?? null;
}
function driverValue(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const [kind, text] = value as [string, string];
  if (kind === "n") return BigInt(text);
  if (kind === "f") return Number(text);
  if (kind === "b") return new Uint8Array(Buffer.from(text, "base64"));
  return new Date(text);
}
