/** Tools for tests: `babik/testing`. */
export { assertNumQueries, captureQueries, type DatabaseOptions } from "./testing/queries.js";
export { instanceState } from "./testing/instances.js";
export { assertNoNPlusOne, detectNPlusOne, type NPlusOneOptions, type RepeatedQuery } from "./testing/n-plus-one.js";
export { assertQuerySetEqual, type QuerySetEqualOptions, type RowsToCompare } from "./testing/querysets.js";
export {
  captureOnCommitCallbacks,
  testTransaction,
  type TransactionHooks,
  useTransaction,
} from "./testing/transactions.js";
