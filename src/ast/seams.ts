/**
 * Interfaces owned by the lowest floor and implemented above it: what SQL building needs to know of
 * value types and dialects. It must not know models, connections or SQL text.
 */

/** Names of the three families of databases. MariaDB is `mysql` with `isMariaDb`. */
export type DialectName = "sqlite" | "postgres" | "mysql";

/**
 * What one database (of one version) can do. Conservative defaults stand in `sql/dialect.ts`; a feature that is
 * false leads to a lowering or to `NotSupportedError`, never to a surprise.
 */
export interface Features {
  /** INSERT … RETURNING. */
  readonly returning: boolean;
  /** UPDATE … RETURNING (MariaDB has it for INSERT and DELETE only). */
  readonly returningFromUpdate: boolean;
  /** DISTINCT ON (…). */
  readonly distinctOn: boolean;
  /** NULLS FIRST / NULLS LAST in ORDER BY. */
  readonly nullsOrdering: boolean;
  /** NULL counts as the largest value where an order does not say otherwise; else as the smallest. */
  readonly nullsLargest: boolean;
  /** aggregate(…) FILTER (WHERE …). */
  readonly aggregateFilter: boolean;
  /** A GROUP BY of the primary key covers the other columns of its table. */
  readonly groupByPrimaryKey: boolean;
  /** Parts of a compound select may be parenthesised. */
  readonly parenthesesInCompound: boolean;
  /** Slices and ordering inside the parts of a compound select. */
  readonly sliceInCompound: boolean;
  readonly intersect: boolean;
  /** XOR as an operator. */
  readonly logicalXor: boolean;
  /** SELECT … FOR UPDATE and its options. */
  readonly selectForUpdate: boolean;
  readonly selectForUpdateNowait: boolean;
  readonly selectForUpdateSkipLocked: boolean;
  readonly selectForUpdateOf: boolean;
  readonly selectForNoKeyUpdate: boolean;
  /** Locks on names of the program's own, held by the server; and those that several may share. */
  readonly advisoryLocks: boolean;
  readonly sharedAdvisoryLocks: boolean;
  /** INSERT that passes over conflicting rows, or updates them; with or without naming the conflict's columns. */
  readonly ignoreConflicts: boolean;
  readonly updateConflicts: boolean;
  readonly conflictTarget: boolean;
  /** Row values: (a, b) IN ((1, 2)), (a, b) > (1, 2). */
  readonly tupleLookups: boolean;
  readonly tupleInSubquery: boolean;
  /** A subquery with LIMIT inside IN (…). */
  readonly limitInSubquery: boolean;
  /** UPDATE/DELETE may read the table they change in a subquery. */
  readonly updateCanSelfSelect: boolean;
  /** JSON containment (@> and the like). */
  readonly jsonContains: boolean;
  /** Native boolean, uuid, interval, array column types. */
  readonly nativeBoolean: boolean;
  readonly nativeUuid: boolean;
  readonly nativeInterval: boolean;
  readonly arrays: boolean;
  /** DDL inside a transaction can be rolled back. */
  readonly transactionalDdl: boolean;
  readonly partialIndexes: boolean;
  readonly expressionIndexes: boolean;
  readonly coveringIndexes: boolean;
  readonly deferrableConstraints: boolean;
  /** ON DELETE SET DEFAULT: `DB_SET_DEFAULT`. */
  readonly onDeleteSetDefault: boolean;
  readonly nullsDistinct: boolean;
  readonly windowFrameExclusion: boolean;
  readonly windowFrameGroups: boolean;
  /** DELETE … RETURNING. */
  readonly returningFromDelete: boolean;
  /** UPDATE of a table joined with a table of values. */
  readonly updateFrom: boolean;
  /** Most bind parameters in one statement. */
  readonly maxParams: number;
  /** Most bytes of one message to the server; Infinity where there is no limit that matters. */
  readonly maxPacket: number;
  /** Longest identifier; longer ones are shortened with a digest. */
  readonly maxIdentifier: number;
  /** What the server counts in an identifier. */
  readonly identifierUnit: "bytes" | "characters";
  /** JSON keys that begin with a hyphen can be part of a path. */
  readonly jsonHyphenKeys: boolean;
  /** LIMIT that stands for "no limit" where an OFFSET needs one. */
  readonly noLimitValue: string | null;
  /** Time zone conversions of named zones work in the database (MariaDB: time zone tables are loaded). */
  readonly namedTimeZones: boolean;
}

/** A frozen record of the database that a statement is made for. It holds no connection. */
export interface DialectInfo {
  readonly name: DialectName;
  readonly isMariaDb: boolean;
  /** Server version as numbers, e.g. `[10, 11, 19]`. */
  readonly version: readonly number[];
  readonly features: Features;
}

/** A value that each database has its own of (the key of a content type): read from the database when a statement is bound. */
export interface LateValue {
  /** Structural name, part of node keys. */
  readonly key: string;
  /** Makes `value` know the answer for this database; a promise where the database has to be asked. */
  ready(database: object): void | Promise<void>;
  /** The canonical value; null where the database has none. Call it after `ready`. */
  value(database: object): unknown;
}

/** What a driver takes as a parameter once the compiler has let go of it. */
export type DbParam = null | string | number | bigint | boolean | Uint8Array;

/**
 * How values of one kind are checked, sent and read: the part of a field that does not depend on a model.
 * `Field` implements it; an expression's output type is one.
 *
 * A value has three forms: what the user gives (anything), the *canonical* form (the TypeScript value of API §3, made by
 * `prep`), and the database form (a primitive, made by `toDb`, read back by `fromDb`). `null` never reaches these functions.
 */
export interface ValueType {
  /** Django's name of the type, e.g. `"CharField"`; lookups are registered by it. */
  readonly typeName: string;
  /** `typeName` and the names it descends from, nearest first, ending in `"Field"`. */
  readonly ancestry: readonly string[];
  /** A string that is equal for types that behave equally; part of shape keys. */
  readonly typeKey: string;
  /** User's value -> canonical value. Throws `FieldError`, `ValueError` or `ValidationError` for a value that cannot be meant. */
  prep(value: unknown): unknown;
  /** Canonical value -> what the driver is given. */
  toDb(value: unknown, dialect: DialectInfo): DbParam;
  /** Maker of the reader of driver values, or `undefined` where they are canonical already. */
  fromDb(dialect: DialectInfo): ((value: unknown) => unknown) | undefined;
  /** Column type in DDL, e.g. `varchar(20)`; `null` for a field with no column. */
  dbType(dialect: DialectInfo): string | null;
  /** Type name for CAST(… AS …). */
  castType(dialect: DialectInfo): string;
  /** True when integers of this type must be read as bigint so that no digit is lost. */
  readonly needsBigInt?: boolean;
  /** Digits after the point (DecimalField), or of the fraction of a second (DateTimeField). */
  readonly scale?: number | undefined;
  /** Significant digits (DecimalField). */
  readonly digits?: number | undefined;
  readonly maxLength?: number | undefined;
  /** Type of the members (arrays, ranges). */
  readonly member?: ValueType | undefined;
}
