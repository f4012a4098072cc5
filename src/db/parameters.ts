/**
 * The last look at parameters before a server's driver gets them: primitives only, and no more than the protocol can count.
 * Drivers turn objects into SQL, JSON or lists in surprising ways; none may ever reach them.
 */
import { types } from "node:util";
import { DataError, NotSupportedError } from "../base/errors.js";

/** Both servers' protocols count parameters in 16 bits; pg would wrap around silently. */
export const MAX_PARAMS = 65_535;

/**
 * Refuses a list of parameters that is too long or holds anything but primitives and bytes.
 * @throws NotSupportedError, DataError; the value itself is never shown
 */
export function checkParams(params: readonly unknown[]): void {
  const count = params.length;
  checkCount(count, MAX_PARAMS);
  for (let i = 0; i < count; i++) {
    const value = params[i];
    switch (typeof value) {
      case "string":
      case "number":
      case "bigint":
      case "boolean":
        break;
      default:
        if (value !== null && !types.isUint8Array(value)) throw notPrimitive(i);
    }
  }
}

/** Refuses more parameters than the database takes. @throws NotSupportedError `database.too_many_parameters` */
export function checkCount(count: number, most: number): void {
  if (count > most)
    throw new NotSupportedError(
      `A statement with ${count} parameters was asked for; the database takes ${most}. Send the values in several statements.`,
      "database.too_many_parameters",
    );
}

/** Bytes as a Buffer over the same memory; the servers' drivers know no other form. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The refusal of a parameter, by its index. */
export function notPrimitive(index: number): DataError {
  return new DataError(
    `Parameter ${index + 1} is not a value that a database takes. Accepted are: null, string, number, bigint, boolean, Uint8Array.`,
    "database.parameter",
  );
}
