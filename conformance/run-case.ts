/**
 * Replays one case: loads the state, fetches the objects that it names, runs the operation inside a transaction that is
 * taken back, and compares result, rows afterwards and number of statements.
 */
import { FailedCapture, call, fromDb, member, type Orm } from "./babik-api.js";
import { PLAIN_MANAGER } from "./chain.js";
import { attributeNames, decode, type Scope } from "./decode.js";
import { DATABASE_ERRORS, classNames, firstLine } from "./errors.js";
import { BACKEND, isObject, type CaseSpec, type DatabaseName, type Json, type JsonObject } from "./format.js";
import { perform } from "./operation.js";
import { judgeError, judgeResult, type Status, type Verdict } from "./result.js";
import { canonicalItem, outcome } from "./serialise.js";
import type { States } from "./state.js";
import { zoneName } from "./values.js";

type CaseScope = Scope & { readonly fetched: Map<JsonObject, unknown> };

/** Everything that the cases of one app on one database share. */
export interface Bench {
  readonly database: DatabaseName;
  readonly orm: Orm;
  readonly states: States;
  /** Without the things of a single case. */
  readonly scope: Scope;
  /** Results of other databases for what Django refused on this one. */
  readonly elsewhere: ReadonlyMap<CaseSpec, CaseSpec>;
}

/** How one case went. */
export interface CaseOutcome {
  readonly status: Status;
  readonly message?: string;
  /** Django refused this on this database; the result is the one of another database. */
  readonly beyond?: boolean;
  /** First lines of the stack, for errors. */
  readonly stack?: string;
  readonly got?: Json;
  readonly queries?: number;
  readonly expectedQueries?: number;
  readonly statements?: readonly string[];
}

/** Operations that may write: the counters of automatic keys are set before them. */
const WRITES: ReadonlySet<string> = new Set([
  "create",
  "bulk_create",
  "bulk_update",
  "get_or_create",
  "update_or_create",
  "update",
  "delete",
  "save",
  "add",
  "remove",
  "set",
  "clear",
]);
const TIME_LIMIT_MS = 20_000;
/** Statements that the recording does not count. */
const UNCOUNTED = /^\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|START|SET|PRAGMA)\b/i;

/** Statements among these that count as queries. */
export function countQueries(statements: readonly string[]): number {
  return statements.filter((sql) => !UNCOUNTED.test(sql)).length;
}

/** Replays a case. It never throws. */
export async function runCase(spec: CaseSpec, bench: Bench): Promise<CaseOutcome> {
  const { orm, states } = bench;
  const env = spec.env ?? {};
  const scope: CaseScope = {
    ...bench.scope,
    toAttrs: new Set(
      carriers(partsOf(spec), "$prefetch").map((item) => String((item["$prefetch"] as JsonObject)["to_attr"])),
    ),
    env,
    fetched: new Map(),
  };
  try {
    if (spec.state !== null) {
      await states.load(spec.state, bench.scope);
      await orm.readContentTypes(states.aliases);
    }
    if (WRITES.has(spec.op.name)) await states.resetCounters();
  } catch (error) {
    states.forget();
    return failure("the state could not be loaded", error);
  }
  let result: CaseOutcome | undefined;
  const body = async (): Promise<void> => {
    result = await limited(measured(spec, scope, bench));
  };
  try {
    if (env.autocommit === true) await body();
    else await orm.rollback(states.aliases, body);
  } catch (error) {
    states.forget();
    result ??= failure("outside the operation", error);
  }
  if (env.autocommit === true) states.forget();
  return result ?? { status: "failed", message: "the transaction ended before the operation did" };
}

function failure(where: string, error: unknown): CaseOutcome {
  return { status: "failed", message: `${where}: ${firstLine(error)}`, ...stackOf(error) };
}

function stackOf(error: unknown): { readonly stack?: string } {
  return error instanceof Error && error.stack !== undefined
    ? { stack: error.stack.split("\n").slice(0, 9).join("\n") }
    : {};
}

async function limited<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${TIME_LIMIT_MS / 1000} seconds.`)), TIME_LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

async function measured(recorded: CaseSpec, scope: CaseScope, bench: Bench): Promise<CaseOutcome> {
  const outcome = await measuredAgainst(recorded, scope, bench);
  return outcome.status === "passed" && outcome.got !== undefined && recorded.result.kind === "error"
    ? { ...outcome, beyond: true }
    : outcome;
}

async function measuredAgainst(recorded: CaseSpec, scope: CaseScope, bench: Bench): Promise<CaseOutcome> {
  let spec = recorded;
  const undo: (() => void)[] = [];
  let statements: readonly string[] = [];
  let judged: Verdict & { readonly got?: Json; readonly stack?: string };
  let error: unknown;
  const started = performing(spec, scope, bench);
  try {
    await fetchObjects(spec, scope);
    for (const { on, lookup, name } of scope.env.register_lookups ?? [])
      undo.push(scope.babik.registerLookup(on, lookup, name));
    const captured = await started();
    statements = captured.statements;
    spec = bench.elsewhere.get(recorded) ?? recorded;
    const got = outcome(spec.result.kind, asTuple(spec, captured.result.value), scope, captured.result.started);
    judged = { ...judgeResult(spec, got, (item) => canonicalItem(item, scope)), got };
  } catch (caught) {
    error = caught instanceof FailedCapture ? caught.error : caught;
    if (caught instanceof FailedCapture) statements = caught.statements;
    judged = { ...judgeError(spec, error), ...stackOf(error) };
  } finally {
    for (const back of undo) back();
  }
  const written = WRITES.has(spec.op.name) ? bench.states.noteWrites(statements) : new Set<string>();
  if (judged.status === "passed" && typeof spec.after === "string" && !isDatabaseError(error)) {
    const found = await bench.states.difference(spec.state, spec.after, written, bench.scope);
    if (found !== undefined) judged = { ...judged, status: "failed", message: `after: ${found}` };
  }
  const expected = expectedQueries(spec, bench.database);
  return {
    ...judged,
    queries: countQueries(statements),
    statements,
    ...(expected === undefined ? {} : { expectedQueries: expected }),
  };
}

/** A single named tuple of Python is recorded as a tuple; babik gives an object. */
function asTuple(spec: CaseSpec, value: unknown): unknown {
  const isNamed = spec.chain.some(([name, , kwargs]) => name === "values_list" && kwargs?.["named"] === true);
  return isNamed && spec.result.kind === "value" ? Object.values(value as object) : value;
}

function performing(spec: CaseSpec, scope: Scope, bench: Bench) {
  const run = () => bench.orm.capture(bench.states.aliases, () => perform(spec, scope));
  const { env } = scope;
  if (env.use_tz !== true) return run;
  const zone = zoneName(env.current_time_zone ?? env.time_zone ?? "America/Chicago");
  return () => scope.babik.inZone(zone, run);
}

function isDatabaseError(error: unknown): boolean {
  return classNames(error).some((name) => DATABASE_ERRORS.has(name) && name !== "DatabaseError") && error !== undefined;
}

/** The number of statements that Django needed on this database, where it is known. */
export function expectedQueries(spec: CaseSpec, database: DatabaseName): number | undefined {
  const { queries } = spec;
  return typeof queries === "object" ? queries[BACKEND[database]] : queries;
}

/** Fetches the objects that are named by key only; they are "at hand" and their statements do not count. */
async function fetchObjects(spec: CaseSpec, scope: CaseScope): Promise<void> {
  for (const item of carriers(partsOf(spec), "$obj")) {
    const { model: label, pk, db, values } = item["$obj"] as JsonObject;
    if (values !== undefined || pk === null || pk === undefined) continue;
    scope.fetched.set(item, await fetchObject(String(label), pk, String(db ?? "default"), scope));
  }
}

function partsOf(spec: CaseSpec): Json {
  return [spec.root, spec.chain as unknown as Json, spec.op as unknown as Json];
}

/** All objects inside a value that carry a tag. */
function carriers(value: Json, tag: string): JsonObject[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((item) => carriers(item, tag));
  if (!isObject(value)) return [];
  const inside = Object.values(value).flatMap((item) => carriers(item, tag));
  return isObject(value[tag]) ? [value, ...inside] : inside;
}

async function fetchObject(label: string, pk: Json, alias: string, scope: Scope): Promise<unknown> {
  const model = scope.model(label);
  const key = decode(pk, scope);
  const manager = member(model, PLAIN_MANAGER) ?? member(model, "objects");
  const rows = (await (call(call(manager, "using", [alias]), "filter", [
    { pk: key },
  ]) as PromiseLike<unknown>)) as readonly unknown[];
  if (rows.length > 0) return rows[0];
  // The row is gone, the object is still at hand: its key is all that is known of it.
  const attributes = attributeNames(label, scope.names);
  const names = scope.names
    .columns(label)
    .filter((field) => field.primary_key === true)
    .map((field) => attributes.get(field.attname ?? field.name) ?? field.name);
  return fromDb(
    model,
    alias,
    names,
    names.map(() => key),
  );
}
