/**
 * Which of babik's errors stands for which of Django's and Python's. The whole table is here; an error that is not in it
 * (a JavaScript TypeError, say) is a bug in babik and never passes.
 */
import { MissingApi } from "./babik-api.js";

/** babik's class -> the recorded names it answers for. The nearest class of an error that stands here counts. */
const STANDS_FOR: Readonly<Record<string, readonly string[]>> = {
  FieldError: ["FieldError", "AttributeError"],
  FieldDoesNotExist: ["FieldDoesNotExist"],
  // Python keeps TypeError and ValueError apart where a TypeScript user sees one kind of wrong argument.
  ValueError: ["ValueError", "AttributeError", "IndexError", "KeyError"],
  QueryTypeError: ["TypeError", "AttributeError", "AssertionError"],
  IndexError: ["IndexError"],
  FieldFetchBlocked: ["FieldFetchBlocked"],
  ImproperlyConfigured: ["ImproperlyConfigured"],
  LookupError: ["LookupError"],
  ConnectionDoesNotExist: ["ConnectionDoesNotExist"],
  RelatedObjectDoesNotExist: ["RelatedObjectDoesNotExist"],
  ObjectDoesNotExist: ["DoesNotExist"],
  DoesNotExist: ["DoesNotExist"],
  MultipleObjectsReturned: ["MultipleObjectsReturned"],
  EmptyResultSet: ["EmptyResultSet"],
  ObjectNotUpdated: ["NotUpdated", "DatabaseError"],
  ProtectedError: ["ProtectedError"],
  RestrictedError: ["RestrictedError"],
  ValidationError: ["ValidationError"],
  TransactionManagementError: ["TransactionManagementError"],
  DatabaseError: ["DatabaseError"],
  InterfaceError: ["InterfaceError"],
  DataError: ["DataError"],
  OperationalError: ["OperationalError"],
  InternalError: ["InternalError"],
  ProgrammingError: ["ProgrammingError"],
  NotSupportedError: ["NotSupportedError", "NotImplementedError"],
  IntegrityError: ["IntegrityError"],
};

/** Codes of babik's errors that say more than their class. Python's `int([])` is a TypeError, `int(b"x")` a ValueError. */
const CODE_STANDS_FOR: Readonly<Record<string, readonly string[]>> = {
  "value.type": ["FieldError", "TypeError", "ValueError"],
  "settings.alias": ["ConnectionDoesNotExist"],
};

/** Recorded names of errors that the database itself reports: the rows after them are not known. */
export const DATABASE_ERRORS: ReadonlySet<string> = new Set([
  "DatabaseError",
  "DataError",
  "OperationalError",
  "InternalError",
  "ProgrammingError",
  "IntegrityError",
  "InterfaceError",
]);

/** Names of the classes of an error, nearest first. */
export function classNames(error: unknown): string[] {
  const names: string[] = [];
  for (let at: unknown = error; typeof at === "object" && at !== null; at = Object.getPrototypeOf(at)) {
    const maker = Object.hasOwn(at, "constructor") ? (at as { constructor?: unknown }).constructor : undefined;
    if (typeof maker === "function") names.push(maker.name.slice(maker.name.lastIndexOf(".") + 1));
  }
  return names;
}

/** The recorded names that an error answers for; none for bugs and for what babik lacks. */
export function standsFor(error: unknown): readonly string[] {
  if (error instanceof MissingApi) return [];
  const names = classNames(error);
  if (!names.includes("BabikError")) return [];
  const code = String((error as { readonly code?: unknown }).code);
  const byCode = Object.hasOwn(CODE_STANDS_FOR, code) ? CODE_STANDS_FOR[code] : undefined;
  if (byCode !== undefined) return byCode;
  for (const name of names) {
    const found = Object.hasOwn(STANDS_FOR, name) ? STANDS_FOR[name] : undefined;
    if (found !== undefined) return found;
  }
  return [];
}

/** True for "this database cannot do that". */
export function isNotSupported(error: unknown): boolean {
  return classNames(error).includes("NotSupportedError");
}

/** The first lines of an error with its class, as one line, for reports. */
export function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${classNames(error)[0] ?? "Error"}: ${error.message.split("\n").slice(0, 3).join(" ")}`;
}
