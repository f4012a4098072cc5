/** Instances made from values that are in the database already, without asking it. */
import type { Field } from "../fields/field.js";
import type { ModelMeta } from "../meta/options.js";
import { classFor } from "./hydrate.js";
import { FROM_DB, InstanceState, putValue } from "./instance-state.js";
import { FieldDoesNotExist, QueryTypeError, suggest } from "../base/errors.js";

/** An instance whose given fields are loaded; the others load when they are awaited. */
export function loadedInstance(meta: ModelMeta, alias: string, values: ReadonlyMap<Field, unknown>): object {
  const loaded = meta.concreteFields.filter((f) => values.has(f));
  const state = new InstanceState(alias, false, null, "peers", false);
  const cls = classFor(meta, loaded);
  return new cls(FROM_DB, [], state, (instance: object) => {
    for (const f of loaded) putValue(instance, f.attname, values.get(f));
  });
}

/**
 * `Model.fromDb(alias, names, values)`: an instance as if it had been read with these columns.
 * @param alias the database it is said to come from
 * @param names names of fields (or of their columns' attributes), in any order; what is not named is deferred
 * @param values one for each name; where there are as many as the model has columns, in the order of the columns
 * @throws QueryTypeError where names and values are not equally many, FieldDoesNotExist for an unknown name
 * Django: https://docs.djangoproject.com/en/stable/ref/models/instances/#customizing-model-loading
 */
export function instanceFromDb(
  meta: ModelMeta,
  alias: string,
  names: readonly string[],
  values: readonly unknown[],
): object {
  if (names.length !== values.length)
    throw new QueryTypeError(
      `${meta.objectName}.fromDb() was given ${names.length} names and ${values.length} values; each name needs one value.`,
      "model.from_db",
      { model: meta.label },
    );
  const found = new Map<Field, unknown>();
  names.forEach((name, i) => {
    const field = meta.byName.get(name);
    if (field === undefined || !field.concrete)
      throw new FieldDoesNotExist(
        `${meta.objectName}.fromDb() was given '${name}', which is no column.${suggest(
          name,
          meta.concreteFields.map((f) => f.attname),
        )}`,
        "model.unknown_field",
        { model: meta.label, path: name },
      );
    found.set(field, values[i] === undefined ? null : values[i]);
  });
  return loadedInstance(meta, alias, found);
}
