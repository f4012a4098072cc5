/** Checks of generic foreign keys and relations: the fields they name. Pure; it knows models as data. */
import { GenericForeignKey, type GenericRelation } from "../fields/generic.js";
import { ForeignKey } from "../fields/relations.js";
import { inDatabase, type Report } from "./checks-relations.js";
import type { ModelMeta } from "./options.js";

/** Label of the model that rows of every model refer to. */
export const CONTENT_TYPE_LABEL = "contenttypes.ContentType";

/** Checks one generic field: contenttypes.E001 to E004 and E006. A relation whose label is not resolved is passed over. */
export function checkGeneric(meta: ModelMeta, field: GenericForeignKey | GenericRelation, report: Report): void {
  if (field instanceof GenericForeignKey) {
    if (meta.byName.get(field.fkField) === undefined)
      report(
        "error",
        "contenttypes.E001",
        field.path,
        `The GenericForeignKey object ID references the nonexistent field '${field.fkField}'.`,
        "Name the field that holds the key by fkField.",
      );
    checkContentType(meta, field, report);
    return;
  }
  const related = field.related as ModelMeta | undefined;
  if (related === undefined) return;
  const keys = [...related.byName.values()].filter((f): f is GenericForeignKey => f instanceof GenericForeignKey);
  if (keys.some((k) => k.ctField === field.contentTypeField && k.fkField === field.objectIdField)) return;
  // The relation can be used as it is: rows are found by the two columns alone.
  report(
    "warning",
    "contenttypes.E004",
    field.path,
    `The GenericRelation defines a relation with the model '${related.label}', but that model does not have a GenericForeignKey over '${field.contentTypeField}' and '${field.objectIdField}'.`,
  );
}
function checkContentType(meta: ModelMeta, field: GenericForeignKey, report: Report): void {
  const found = meta.byName.get(field.ctField);
  if (found === undefined)
    report(
      "error",
      "contenttypes.E002",
      field.path,
      `The GenericForeignKey content type references the nonexistent field '${meta.objectName}.${field.ctField}'.`,
      "Name the foreign key to the content type by ctField.",
    );
  else if (!(found instanceof ForeignKey))
    report(
      "error",
      "contenttypes.E003",
      field.path,
      `'${meta.objectName}.${field.ctField}' is not a ForeignKey.`,
      `GenericForeignKeys must use a ForeignKey to '${CONTENT_TYPE_LABEL}' as the '${field.ctField}' field.`,
    );
  else if (found.related !== undefined && (found.related as ModelMeta).label !== CONTENT_TYPE_LABEL)
    report(
      "error",
      "contenttypes.E004",
      field.path,
      `'${meta.objectName}.${field.ctField}' is not a ForeignKey to '${CONTENT_TYPE_LABEL}'.`,
      `GenericForeignKeys must use a ForeignKey to '${CONTENT_TYPE_LABEL}' as the '${field.ctField}' field.`,
    );
  else if (inDatabase(found))
    report(
      "error",
      "contenttypes.E006",
      field.path,
      `onDelete of '${meta.objectName}.${field.ctField}' is done by the database, which knows nothing of generic relations.`,
      "Choose another onDelete, such as CASCADE.",
    );
}
