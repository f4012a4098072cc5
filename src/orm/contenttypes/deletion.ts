/** Deleting an object deletes the rows that refer to it by a generic relation of its model. */
import { GenericRelation } from "../../fields/generic.js";
import type { ModelMeta } from "../../meta/options.js";
import { DELETES_RELATED, type DeletesRelated } from "../deletion-relations.js";
import { batches, keysPerStatement } from "../deletion-run.js";
import { pkOf } from "../instance-state.js";
import type { QuerySet } from "../queryset.js";
import { baseQuerySet } from "../relations/base-query.js";
import { runtimeOf } from "../runtime.js";
import { ofType } from "./relation-set.js";

// The field is data and must not know querysets; deleting asks fields for this method.
Object.defineProperty(GenericRelation.prototype, DELETES_RELATED, {
  value(this: GenericRelation, instances: readonly object[], alias: string): readonly QuerySet[] {
    const rows = ofType(baseQuerySet(this.related as ModelMeta).with({ alias }), this, this.owner as ModelMeta);
    const info = runtimeOf(this.related as ModelMeta).database(alias).dialect;
    return [...batches(instances.map(pkOf), keysPerStatement(info, 1) - 1)].map((keys) =>
      rows.filter({ [`${this.objectIdField}__in`]: keys }),
    );
  },
} satisfies { value: DeletesRelated[typeof DELETES_RELATED] });
