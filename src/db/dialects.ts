/**
 * What each database, in each version, can do: one table per family, turned into a frozen `DialectInfo`.
 * It must not know connections or SQL text; drivers give it the version they were told by the server.
 */
import type { DialectInfo, DialectName, Features } from "../ast/seams.js";

/** True when `version` is the same as, or later than, `wanted`. */
export function atLeast(version: readonly number[], ...wanted: number[]): boolean {
  for (let i = 0; i < wanted.length; i++) {
    const difference = (version[i] ?? 0) - wanted[i]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The numbers at the start of a version text: `"10.11.19-MariaDB"` gives `[10, 11, 19]`. */
export function parseVersion(text: string): number[] {
  // Old MariaDB servers put a fixed "5.5.5-" before their own version so that old clients would speak to them.
  const numbers = /(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text.replace(/^5\.5\.5-(?=\d+\..*maria)/i, ""));
  return numbers ? numbers.slice(1).flatMap((part) => (part === undefined ? [] : [Number(part)])) : [];
}

/** What a driver can tell that the version does not: limits of this build, tables that are loaded. */
export interface DialectFacts {
  readonly maxParams?: number;
  readonly maxPacket?: number;
  readonly namedTimeZones?: boolean;
}

/** SQLite 3.35 and later. Time zones are worked out by functions that babik registers, so all names work. */
function sqlite(version: readonly number[]): Features {
  return {
    returning: atLeast(version, 3, 35),
    returningFromUpdate: atLeast(version, 3, 35),
    returningFromDelete: atLeast(version, 3, 35),
    updateFrom: atLeast(version, 3, 33),
    distinctOn: false,
    nullsOrdering: atLeast(version, 3, 30),
    nullsLargest: false,
    aggregateFilter: atLeast(version, 3, 30),
    groupByPrimaryKey: true,
    parenthesesInCompound: false,
    sliceInCompound: false,
    intersect: true,
    logicalXor: false,
    selectForUpdate: false,
    selectForUpdateNowait: false,
    selectForUpdateSkipLocked: false,
    selectForUpdateOf: false,
    selectForNoKeyUpdate: false,
    advisoryLocks: false,
    sharedAdvisoryLocks: false,
    ignoreConflicts: true,
    updateConflicts: true,
    conflictTarget: true,
    tupleLookups: true,
    tupleInSubquery: true,
    limitInSubquery: true,
    updateCanSelfSelect: true,
    jsonContains: false,
    nativeBoolean: false,
    nativeUuid: false,
    nativeInterval: false,
    arrays: false,
    transactionalDdl: true,
    partialIndexes: true,
    expressionIndexes: true,
    coveringIndexes: false,
    deferrableConstraints: true,
    onDeleteSetDefault: true,
    nullsDistinct: false,
    windowFrameExclusion: true,
    windowFrameGroups: true,
    maxParams: 32_766,
    maxPacket: Infinity,
    // SQLite has no limit; a long name still has to travel to the other databases.
    maxIdentifier: 200,
    jsonHyphenKeys: true,
    identifierUnit: "characters",
    noLimitValue: "-1",
    namedTimeZones: true,
  };
}

/** PostgreSQL 12 to 18. */
function postgres(version: readonly number[]): Features {
  return {
    returning: true,
    returningFromUpdate: true,
    returningFromDelete: true,
    updateFrom: true,
    distinctOn: true,
    nullsOrdering: true,
    nullsLargest: true,
    aggregateFilter: true,
    groupByPrimaryKey: true,
    parenthesesInCompound: true,
    sliceInCompound: true,
    intersect: true,
    logicalXor: false,
    selectForUpdate: true,
    selectForUpdateNowait: true,
    selectForUpdateSkipLocked: true,
    selectForUpdateOf: true,
    selectForNoKeyUpdate: true,
    advisoryLocks: true,
    sharedAdvisoryLocks: true,
    ignoreConflicts: true,
    updateConflicts: true,
    conflictTarget: true,
    tupleLookups: true,
    tupleInSubquery: true,
    limitInSubquery: true,
    updateCanSelfSelect: true,
    jsonContains: true,
    nativeBoolean: true,
    nativeUuid: true,
    nativeInterval: true,
    arrays: true,
    transactionalDdl: true,
    partialIndexes: true,
    expressionIndexes: true,
    coveringIndexes: true,
    deferrableConstraints: true,
    onDeleteSetDefault: true,
    nullsDistinct: atLeast(version, 15),
    windowFrameExclusion: true,
    windowFrameGroups: true,
    maxParams: 65_535,
    maxPacket: Infinity,
    maxIdentifier: 63,
    jsonHyphenKeys: true,
    identifierUnit: "bytes",
    noLimitValue: null,
    namedTimeZones: true,
  };
}

/** MySQL 8 and, with differences, MariaDB 10.6 and later. */
function mysql(version: readonly number[], maria: boolean): Features {
  return {
    returning: maria && atLeast(version, 10, 5),
    returningFromUpdate: false,
    returningFromDelete: maria,
    updateFrom: true,
    distinctOn: false,
    nullsOrdering: false,
    nullsLargest: false,
    aggregateFilter: false,
    // MySQL sees that the key decides the other columns; MariaDB accepts them because the session leaves ONLY_FULL_GROUP_BY out.
    groupByPrimaryKey: true,
    parenthesesInCompound: maria || atLeast(version, 8, 0, 22),
    sliceInCompound: maria || atLeast(version, 8, 0, 22),
    intersect: maria || atLeast(version, 8, 0, 31),
    logicalXor: true,
    selectForUpdate: true,
    selectForUpdateNowait: true,
    selectForUpdateSkipLocked: maria ? atLeast(version, 10, 6) : atLeast(version, 8, 0, 1),
    selectForUpdateOf: !maria && atLeast(version, 8, 0, 1),
    selectForNoKeyUpdate: false,
    advisoryLocks: true,
    sharedAdvisoryLocks: false,
    ignoreConflicts: true,
    updateConflicts: true,
    conflictTarget: false,
    tupleLookups: true,
    tupleInSubquery: true,
    limitInSubquery: false,
    // MariaDB may read the changed table in an UPDATE's subquery since 10.3.2 and in a DELETE's since 11.1: only the latter is both.
    updateCanSelfSelect: maria && atLeast(version, 11, 1),
    jsonContains: true,
    nativeBoolean: false,
    nativeUuid: maria && atLeast(version, 10, 7),
    nativeInterval: false,
    arrays: false,
    transactionalDdl: false,
    partialIndexes: false,
    expressionIndexes: !maria && atLeast(version, 8, 0, 13),
    coveringIndexes: false,
    deferrableConstraints: false,
    onDeleteSetDefault: false,
    nullsDistinct: false,
    windowFrameExclusion: false,
    windowFrameGroups: false,
    maxParams: 65_535,
    maxPacket: 16_777_216,
    maxIdentifier: 64,
    jsonHyphenKeys: !maria,
    identifierUnit: "characters",
    noLimitValue: "18446744073709551615",
    namedTimeZones: false,
  };
}

/**
 * The frozen record of one database of one version.
 * @param facts what the server or library was asked for: the most parameters, whether time zone tables are loaded
 */
export function makeDialect(
  name: DialectName,
  version: readonly number[],
  isMariaDb = false,
  facts: DialectFacts = {},
): DialectInfo {
  const base =
    name === "sqlite" ? sqlite(version) : name === "postgres" ? postgres(version) : mysql(version, isMariaDb);
  return Object.freeze({
    name,
    isMariaDb,
    version: Object.freeze([...version]),
    features: Object.freeze({
      ...base,
      maxParams: facts.maxParams ?? base.maxParams,
      maxPacket: facts.maxPacket ?? base.maxPacket,
      namedTimeZones: facts.namedTimeZones ?? base.namedTimeZones,
    }),
  });
}
