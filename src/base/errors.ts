/**
 * The whole error tree. One root, Django's names, a stable `code` per cause; a message says what was
 * asked, what is wrong and what would be right. It must not know about models, SQL text or drivers,
 * and it never carries parameter values or passwords in a message.
 */
import { fillMessage } from "./message-text.js";

/** Extra facts about an error. They are own but non-enumerable: printing an error never prints values. */
export interface ErrorFacts {
  readonly cause?: unknown;
  /** Label of the model the error is about, e.g. `"shop.Product"`. */
  readonly model?: string;
  /** The path, field or option that was asked for. */
  readonly path?: string;
  /** SQL text without parameter values. */
  readonly statement?: string;
  /** What would have been accepted. */
  readonly choices?: readonly string[];
}

/** The root of everything that babik throws on purpose. */
export class BabikError extends Error {
  declare readonly code: string;
  declare readonly model?: string;
  declare readonly path?: string;
  declare readonly statement?: string;
  declare readonly choices?: readonly string[];

  constructor(message: string, code = "error", facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    Object.defineProperty(this, "name", { value: new.target.name, configurable: true, writable: true });
    hide(this, "code", code);
    for (const key of ["model", "path", "statement", "choices"] as const)
      if (facts[key] !== undefined) hide(this, key, facts[key]);
  }

  /**
   * What is printed: the stack, the code, and of causes what is no value. A driver's own error may quote rows and parameters;
   * it stays on `cause` for those who look there, and out of logs.
   */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    const lines = [this.stack ?? `${this.name}: ${this.message}`, `  code: ${this.code}`];
    for (let cause = this.cause, depth = 0; cause !== undefined && depth < 5; depth++) {
      if (cause instanceof BabikError) lines.push(`  cause: ${cause.name}: ${cause.message} (${cause.code})`);
      else lines.push(`  cause: ${describeForeign(cause)}`);
      cause = cause instanceof BabikError ? cause.cause : undefined;
    }
    return lines.join("\n");
  }
}

/** The class and the code of an error that is not ours. */
function describeForeign(cause: unknown): string {
  if (!(cause instanceof Error)) return `a value of type ${typeof cause}`;
  const code = (cause as { readonly code?: unknown }).code;
  return `${cause.constructor.name}${typeof code === "string" && /^\w{1,60}$/.test(code) ? ` ${code}` : ""}`;
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: false, configurable: true, writable: true });
}

/** Raised when a path, field, lookup, annotation or ordering does not exist or cannot be used there. */
export class FieldError extends BabikError {}
/** Raised when a field asked for by name does not exist on the model. */
export class FieldDoesNotExist extends FieldError {}
/** Raised when an argument has the right type but a value that cannot be used (Python's ValueError). */
export class ValueError extends BabikError {}
/** Raised when an argument has the wrong type or an operation cannot follow the ones before it (Python's TypeError). */
export class QueryTypeError extends BabikError {}
/** Raised when a relation or deferred field is awaited while fetching is forbidden (`fetchMode("raise")`). */
export class FieldFetchBlocked extends BabikError {}
/** Raised when settings, models or their registration are wrong. */
export class ImproperlyConfigured extends BabikError {}
/** Raised when a model label is not known. */
export class LookupError extends BabikError {}
/** Raised by `get()` when no row matches. Each model has a subclass of its own, `Product.DoesNotExist`. */
export class ObjectDoesNotExist extends BabikError {}
/** Raised by `get()` when several rows match. Each model has a subclass of its own. */
export class MultipleObjectsReturned extends BabikError {}
/** Raised when a query turns out to be empty where an empty one cannot be used. */
export class EmptyResultSet extends BabikError {}
/** Raised where an operation may only reach a subset of urls or files; kept for Django's name. */
export class SuspiciousOperation extends BabikError {}
/** Raised when `page()` is asked for a page that is not there. */
export class InvalidPage extends BabikError {}
/** Raised when the number of a page is no whole number. */
export class PageNotAnInteger extends InvalidPage {}
/** Raised when the number of a page is whole, and there is nothing on that page. */
export class EmptyPage extends InvalidPage {}
/** Raised when a cursor of `KeysetPaginator` was changed, cut, or made for another order. */
export class InvalidCursor extends InvalidPage {}
/** The warning (`process.on("warning")`) about pages of rows that come in no order: a row may be on two pages, or on none. */
export class UnorderedObjectListWarning extends BabikError {}

/** Codes after which the same transaction, begun anew, may well succeed. */
const RETRYABLE: ReadonlySet<string> = new Set([
  "database.deadlock",
  "database.serialization",
  "database.locked",
  "database.lock_not_available",
]);

/** Everything that comes from, or because of, the database. The driver's error is the `cause`. */
export class DatabaseError extends BabikError {
  /** The database's own code (SQLSTATE, MySQL error number or SQLite result code name). */
  declare readonly databaseCode?: string;
  constructor(message: string, code = "database.error", facts: ErrorFacts & { databaseCode?: string } = {}) {
    super(message, code, facts);
    if (facts.databaseCode !== undefined) hide(this, "databaseCode", facts.databaseCode);
  }
  /**
   * Whether the same transaction, begun anew, may well succeed: a serialization failure, a deadlock, a lock that was not free in
   * time. The whole block has to be run again, as `retries` does; never true where a COMMIT may have been done.
   */
  get isRetryable(): boolean {
    return RETRYABLE.has(this.code);
  }
  /** Whether the connection was lost. What was not committed by then is rolled back by the server. */
  get isDisconnect(): boolean {
    return this.code === "database.connection_lost";
  }
}
/** Raised for misuse of the interface: a closed connection or cursor. */
export class InterfaceError extends DatabaseError {}
/** Raised when a value does not fit its column. */
export class DataError extends DatabaseError {}
/** Raised when the server cannot be reached, goes away, locks, times out or refuses a login. */
export class OperationalError extends DatabaseError {}
/**
 * Raised when the connection was lost while COMMIT was under way: whether the transaction was committed is not known. It is
 * never run again by babik; look for what it would have written before doing so.
 */
export class CommitUnknown extends OperationalError {}
/** Raised when the database reports an inner fault. */
export class InternalError extends DatabaseError {}
/** Raised for SQL that the database does not accept, or tables that do not exist. */
export class ProgrammingError extends DatabaseError {}
/** Raised when this database cannot do what was asked. */
export class NotSupportedError extends DatabaseError {}
/** Raised when a statement breaks a constraint. */
export class IntegrityError extends DatabaseError {
  /** Name of the broken constraint, where the database tells. */
  declare readonly constraint?: string;
  declare readonly table?: string;
  declare readonly columns?: readonly string[];
  constructor(
    message: string,
    code = "database.integrity",
    facts: ErrorFacts & {
      databaseCode?: string;
      constraint?: string;
      table?: string;
      columns?: readonly string[];
    } = {},
  ) {
    super(message, code, facts);
    for (const key of ["constraint", "table", "columns"] as const)
      if (facts[key] !== undefined) hide(this, key, facts[key]);
  }
  /**
   * The same failure as the check before saving would have told it: messages by field, with the codes and texts of `fullClean()`.
   * So a form can show what only the database could see, such as a name that somebody else took meanwhile. Where the database does
   * not tell what was broken, the message is filed under `__all__`.
   * @example try { await product.save(); } catch (e) { if (e instanceof IntegrityError) throw e.toValidationError(); }
   */
  toValidationError(): ValidationError {
    const messages = meanings.get(this)?.() ?? {
      [NON_FIELD_ERRORS]: [{ message: "The values break a rule of the database.", code: "invalid" }],
    };
    const error = new ValidationError(messages);
    Object.defineProperty(error, "cause", { value: this, configurable: true, writable: true });
    return error;
  }
}
/** Messages by field. */
export type MessagesByField = Readonly<Record<string, readonly ValidationMessage[]>>;
const meanings = new WeakMap<IntegrityError, () => MessagesByField>();
/** Adds what the model knows about a broken constraint, where the database did not tell: for whoever sent the statement. */
export function explainIntegrityError(
  error: IntegrityError,
  facts: {
    readonly model: string;
    readonly table: string;
    readonly constraint: string | undefined;
    readonly columns: readonly string[] | undefined;
  },
  messages: () => MessagesByField,
): void {
  if (meanings.has(error)) return;
  meanings.set(error, messages);
  for (const key of ["model", "table", "constraint", "columns"] as const)
    if (error[key] === undefined && facts[key] !== undefined) hide(error, key, facts[key]);
}
/** Raised when deleting would remove rows that a PROTECT relation guards. */
export class ProtectedError extends IntegrityError {
  declare readonly protectedObjects: ReadonlySet<object>;
  constructor(message: string, objects: ReadonlySet<object>) {
    super(message, "delete.protected");
    hide(this, "protectedObjects", objects);
  }
}
/** Raised when deleting would remove rows that a RESTRICT relation guards. */
export class RestrictedError extends IntegrityError {
  declare readonly restrictedObjects: ReadonlySet<object>;
  constructor(message: string, objects: ReadonlySet<object>) {
    super(message, "delete.restricted");
    hide(this, "restrictedObjects", objects);
  }
}
/** Raised when a forced update (`forceUpdate`, `updateFields`) finds no row. Each model has a subclass. */
export class ObjectNotUpdated extends DatabaseError {}
/** Raised when transactions are used wrongly, or a block that already failed is used again. */
export class TransactionManagementError extends ProgrammingError {}

/** A message of a validation error, with the code and parameters that made it. */
export interface ValidationMessage {
  readonly message: string;
  readonly code: string;
  readonly params?: Readonly<Record<string, unknown>>;
}
/** The key under which messages that belong to no single field are filed. */
export const NON_FIELD_ERRORS = "__all__";

/** One message, or what carries some: a text, a message with its code, another `ValidationError`. */
export type ValidationPart = string | ValidationMessage | ValidationError;
/** What a `ValidationError` is made of, in Django's forms. */
export type ValidationInput =
  | ValidationPart
  | readonly ValidationPart[]
  | Readonly<Record<string, ValidationPart | readonly ValidationPart[]>>;

/**
 * Raised when values do not pass validation.
 * `messages` is the flat list; `messageDict` files them by field where fields are known.
 * @param what a text, a list of texts and errors, or these by names of fields
 * @param code a short name of what is wrong, of a single text
 * @param params fill places such as `%(limit)s` in the text
 * @throws ValueError `validation.argument` for anything else
 * @example throw new ValidationError("At most %(limit)s.", "too_many", { limit: 3 })
 * @example throw new ValidationError({ title: "Too short.", __all__: ["Not now.", new ValidationError("Not here.", "place")] })
 * @see https://docs.djangoproject.com/en/stable/ref/forms/validation/#raising-validationerror
 */
export class ValidationError extends BabikError {
  declare readonly errorList: readonly ValidationMessage[];
  declare readonly errorDict?: Readonly<Record<string, readonly ValidationMessage[]>>;
  constructor(what: ValidationInput, code = "invalid", params?: Readonly<Record<string, unknown>>) {
    if (typeof code !== "string") throw notValidation("The code of a ValidationError is a text");
    if (params !== undefined && (typeof params !== "object" || params === null))
      throw notValidation("The params of a ValidationError are an object of values by name");
    const dict = messagesByField(what);
    const list: readonly ValidationMessage[] =
      typeof what === "string"
        ? [params ? { message: what, code, params } : { message: what, code }]
        : dict === undefined
          ? messagesOf(what as ValidationPart | readonly ValidationPart[])
          : Object.values(dict).flat();
    super(list.map(textOf).join("; "), typeof what === "string" ? code : (list[0]?.code ?? code));
    hide(this, "errorList", list);
    if (dict !== undefined) hide(this, "errorDict", dict);
  }
  /** All messages, in order. */
  get messages(): string[] {
    return this.errorList.map(textOf);
  }
  /** Messages by field; those of no field under `__all__`. */
  get messageDict(): Record<string, string[]> {
    const source = this.errorDict ?? { [NON_FIELD_ERRORS]: this.errorList };
    return Object.fromEntries(Object.entries(source).map(([k, v]) => [k, v.map(textOf)]));
  }
}
function notValidation(right: string): ValueError {
  return new ValueError(`${right}.`, "validation.argument");
}
function messagesByField(what: unknown): Record<string, readonly ValidationMessage[]> | undefined {
  if (what instanceof ValidationError) return what.errorDict === undefined ? undefined : { ...what.errorDict };
  if (typeof what !== "object" || what === null || Array.isArray(what)) return undefined;
  const proto: unknown = Object.getPrototypeOf(what);
  if (proto !== Object.prototype && proto !== null) return undefined;
  return Object.fromEntries(Object.entries(what).map(([name, part]) => [name, messagesOf(part as ValidationPart)]));
}
function messagesOf(part: ValidationPart | readonly ValidationPart[]): readonly ValidationMessage[] {
  if (typeof part === "string") return [{ message: part, code: "invalid" }];
  if (part instanceof ValidationError) return part.errorList;
  if (Array.isArray(part)) return (part as readonly ValidationPart[]).flatMap(messagesOf);
  const { message, code = "invalid", params } = (part ?? {}) as Partial<ValidationMessage>;
  if (typeof message !== "string" || typeof code !== "string")
    throw notValidation(
      "A ValidationError is made of a text, of a list of texts and other ValidationErrors, or of an object of these by the names of fields",
    );
  return [params === undefined ? { message, code } : { message, code, params }];
}
/** The message with its places filled. */
function textOf({ message, params }: ValidationMessage): string {
  return params === undefined ? message : fillMessage(message, params);
}

/** The nearest of `choices` to `name`, if one is near enough to be a likely typing mistake. */
export function nearest(name: string, choices: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const choice of choices) {
    if (Math.abs(choice.length - name.length) >= bestDistance) continue;
    const d = distance(name.toLowerCase(), choice.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [choice, d];
  }
  return best;
}

// Damerau-Levenshtein with adjacent swaps: `pirce` is one step from `price`.
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length]!;
}

/** " Did you mean 'x'? Choices are: a, b." for the end of a message; the list is cut at 40 names. */
export function suggest(name: string, choices: Iterable<string>): string {
  const all = [...choices];
  const near = nearest(name, all);
  const shown = all.length > 40 ? `${all.slice(0, 40).join(", ")}, … (${all.length} in all)` : all.join(", ");
  return `${near === undefined ? "" : ` Did you mean '${near}'?`}${all.length === 0 ? "" : ` Choices are: ${shown}.`}`;
}
