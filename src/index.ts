/**
 * Everything babik gives its users. Run-time values get their public types in `public/`; nothing is defined here. Types
 * come by `export type *`, without which users could not add to `Register` and `CustomLookups`.
 */
export type * from "./orm/types/custom.types.js";
export type * from "./orm/types/expressions.types.js";
export type * from "./orm/types/fields.types.js";
export type * from "./orm/types/lookups.types.js";
export type * from "./orm/types/manager.types.js";
export type * from "./orm/types/model.types.js";
export type * from "./orm/types/pagination.types.js";
export type * from "./orm/types/paths.types.js";
export type * from "./orm/types/queryset.types.js";
export type * from "./orm/types/registry.types.js";
export type * from "./orm/types/relations.types.js";
export type * from "./orm/types/rows.types.js";
export type * from "./orm/types/signals.types.js";
export type * from "./orm/types/schema.types.js";

export * from "./public/models.js";
export * from "./public/fields.js";
export * from "./public/custom.js";
export * from "./public/expressions.js";
export * from "./public/functions.js";
export * from "./public/lookups.js";
export * from "./public/pagination.js";
export * from "./public/signals.js";
export * from "./public/values.js";
// Names that a star above has too, as a type: the one that is value and type counts.
export { Aggregate } from "./public/custom.js";
export { Q } from "./public/expressions.js";
export { Reverse } from "./public/functions.js";
export { Manager, QuerySet } from "./public/models.js";
export { KeysetPaginator, Paginator } from "./public/pagination.js";

export {
  advisoryLock,
  getRollback,
  onCommit,
  resetQueries,
  savepoint,
  setRollback,
  withAdvisoryLock,
} from "./orm/blocks.js";
export type { AdvisoryKey, AdvisoryLockOptions } from "./db/advisory.js";
export { withSignal } from "./db/abort.js";
export { replicaRouter } from "./orm/routers.js";
export type {
  ReplicaRouterOptions,
  RoutedModel,
  Router as DatabaseRouter,
  RouterContext,
  RouterHints,
} from "./orm/routers.js";
export { sameIdentity } from "./base/identity.js";
export { timezone } from "./orm/timezone.js";
export { isJSONNull, JSONNull, type JSONNullType } from "./fields/json.js";
export { CheckConstraint, Deferrable, ExclusionConstraint, OpClass, UniqueConstraint } from "./meta/constraints.js";
export {
  BloomIndex,
  BrinIndex,
  BTreeIndex,
  GinIndex,
  GistIndex,
  HashIndex,
  Index,
  SpGistIndex,
} from "./meta/indexes.js";
export {
  BabikError,
  CommitUnknown,
  DatabaseError,
  DataError,
  EmptyPage,
  EmptyResultSet,
  FieldDoesNotExist,
  FieldError,
  FieldFetchBlocked,
  ImproperlyConfigured,
  IntegrityError,
  InterfaceError,
  InternalError,
  InvalidCursor,
  InvalidPage,
  LookupError,
  MultipleObjectsReturned,
  NON_FIELD_ERRORS,
  NotSupportedError,
  ObjectDoesNotExist,
  ObjectNotUpdated,
  OperationalError,
  PageNotAnInteger,
  ProgrammingError,
  ProtectedError,
  QueryTypeError,
  RestrictedError,
  SuspiciousOperation,
  TransactionManagementError,
  UnorderedObjectListWarning,
  ValidationError,
  ValueError,
} from "./base/errors.js";
export type {
  ConnectOptions,
  DisconnectOptions,
  SignalConnection,
  SignalEventOf,
  SignalOptions,
  SignalReceiver,
  SignalResponses,
} from "./base/signal.js";
export type { ErrorFacts, ValidationInput, ValidationMessage, ValidationPart } from "./base/errors.js";
export type { Database } from "./db/connection.js";
export type { ConnectionCreatedArguments, NewConnection } from "./db/created.js";
export type { Cursor } from "./db/cursor.js";
export type { QueryTrace } from "./db/diagnostics.js";
export type { ListenOptions, QueryEventName, QueryListener } from "./db/listeners.js";
export type { QueryRecord } from "./db/log.js";
export type { AtomicOptions } from "./db/transaction.js";
export type { Transaction, TransactionOptions } from "./db/begin.js";
export type { Savepoint } from "./db/savepoint.js";
export type { HolderState } from "./db/holder.js";
export type { PoolState } from "./db/pool.js";
export type { Execute, ExecuteContext, ExecuteWrapper } from "./db/wrappers.js";
