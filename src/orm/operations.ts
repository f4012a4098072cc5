/** The operations of instances and querysets, put together for the runtime. */
import { deleteInstance, deleteRows } from "./deletion.js";
import { prefetchRelatedObjects } from "./prefetch.js";
import { refreshInstance } from "./refresh.js";
import { Returning } from "./returning.js";
import type { QuerySet } from "./queryset.js";
import { loadDeferred } from "./relations/deferred-load.js";
import type { Operations } from "./runtime.js";
import { assign, initialise, saveBase, saveInstance } from "./save.js";
import { cleanFields, fullClean, nextBy, validateConstraints, validateUnique } from "./validate.js";

export const operations: Operations = {
  save: saveInstance,
  saveBase,
  delete: deleteInstance,
  refresh: refreshInstance,
  loadDeferred,
  assign,
  initialise,
  fullClean,
  cleanFields,
  validateUnique,
  validateConstraints,
  nextBy,
  deleteRows: (qs) => deleteRows(qs as never),
  returning: (queryset) => new Returning(queryset as QuerySet),
  prefetch: (instances, lookups) => prefetchRelatedObjects(instances, lookups),
};
