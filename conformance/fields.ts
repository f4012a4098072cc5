/**
 * Recorded field definitions turned into calls of babik's field functions.
 * It must not know how models are put together or what the fields do.
 */
import { MissingApi, call } from "./babik-api.js";
import { decode, decodeNames, type Scope } from "./decode.js";
import { isObject, listOf, type FieldSpec, type Json, type JsonObject } from "./format.js";
import { camel } from "./names.js";
import { INTEGER_FIELDS } from "./wide-integers.js";

/** Options of Django's constructors that say nothing to babik, or are read from elsewhere in the recording. */
const SKIPPED: ReadonlySet<string> = new Set([
  "primary_key",
  "to",
  "auto_created",
  "serialize",
  "db_tablespace",
  "on_delete",
  "related_name",
  "related_query_name",
  "parent_link",
  "through",
  "through_fields",
  "from_fields",
  "to_fields",
  "symmetrical",
  "db_table",
  "db_column",
  "expression",
  "output_field",
  "base_field",
  "default",
  "encoder",
  "decoder",
  "ct_field",
  "fk_field",
  "object_id_field",
  "content_type_field",
  "for_concrete_model",
  "verify_exists",
]);
/** Fields that babik may lack and whose values are plain text in the recording: the column is what matters. */
const TEXT_STAND_INS: Readonly<Record<string, number>> = { FileField: 100, ImageField: 100, FilePathField: 100 };

const CALLABLES: Readonly<Record<string, (scope: Scope) => () => unknown>> = {
  "uuid.uuid4": () => () => crypto.randomUUID(),
  "django.utils.timezone.now": (scope) => () => scope.temporal.Now.instant(),
  "datetime.datetime.now": (scope) => () => scope.temporal.Now.instant(),
  "datetime.date.today": (scope) => () => scope.temporal.Now.plainDateISO("UTC"),
  dict: () => () => ({}),
  list: () => () => [],
};

/** What a field's definition may need of its surroundings. */
export interface FieldPlace {
  /** Label of the model the field stands on. */
  readonly owner?: string;
  /** The recorded values of the model's integers go past 2^53. */
  readonly wide?: boolean;
  /** Table of the pairs, for a many-to-many field whose through model babik makes. */
  readonly throughTable?: string;
}

/** Calls babik's function for the recorded field. */
export function buildField(spec: FieldSpec, scope: Scope, place: FieldPlace = {}): unknown {
  const { babik } = scope;
  const kwargs = spec.kwargs ?? {};
  const bag = commonOptions(spec, kwargs, scope);
  switch (spec.type) {
    case "ForeignKey":
    case "OneToOneField":
      return babik.make(spec.type, spec.to, { ...bag, ...relation(spec, kwargs, scope) });
    case "ForeignObject":
      return babik.make(spec.type, spec.to, {
        ...bag,
        ...relation(spec, kwargs, scope),
        fromFields: [...(spec.from_fields ?? [])],
        toFields: [...(spec.to_fields ?? [])],
      });
    case "ManyToManyField":
      return babik.make(spec.type, spec.to, { ...bag, ...manyToMany(spec, kwargs, place) });
    case "GenericForeignKey":
      return babik.make(spec.type, kwargs["ct_field"] ?? "content_type", kwargs["fk_field"] ?? "object_id", {
        forConcreteModel: kwargs["for_concrete_model"] ?? true,
      });
    case "GenericRelation":
      return babik.make(spec.type, spec.to, {
        ...bag,
        objectIdField: kwargs["object_id_field"] ?? "object_id",
        contentTypeField: kwargs["content_type_field"] ?? "content_type",
        forConcreteModel: kwargs["for_concrete_model"] ?? true,
        ...(typeof kwargs["related_query_name"] === "string" ? { relatedQueryName: kwargs["related_query_name"] } : {}),
      });
    case "GeneratedField":
      return babik.make(spec.type, {
        ...bag,
        expression: decodeNames(kwargs["expression"], scope, undefined),
        outputField: decode(kwargs["output_field"], scope),
      });
    case "CompositePrimaryKey":
      return babik.make(
        spec.type,
        ...listOf(spec.args ?? []).map((name) => scope.names.path(String(name), place.owner)),
      );
    case "postgres.ArrayField":
    case "ArrayField":
      return babik.make("postgres.ArrayField", decode(kwargs["base_field"], scope), bag);
    case "DateTimeField":
      // The recording keeps microseconds, so the value is an instant.
      return babik.make(spec.type, { ...bag, precision: 6 });
    default: {
      const standIn = TEXT_STAND_INS[spec.type];
      if (standIn !== undefined && !babik.has(spec.type))
        return babik.make("CharField", { maxLength: standIn, ...bag });
      if (!babik.has(spec.type)) throw new MissingApi(`field ${spec.type}`);
      return babik.make(
        spec.type,
        place.wide === true && INTEGER_FIELDS.has(spec.type) ? { ...bag, bigint: true } : bag,
      );
    }
  }
}

/** Options of all kinds of fields. Collations were recorded on SQLite; the other databases have none of that name. */
function commonOptions(spec: FieldSpec, kwargs: JsonObject, scope: Scope): Record<string, unknown> {
  const bag: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(kwargs))
    if (!SKIPPED.has(key) && !isCallable(value) && (key !== "db_collation" || scope.database === "sqlite"))
      bag[camel(key)] = option(key, value, scope);
  if (spec.primary_key === true) bag["primaryKey"] = true;
  if (spec.column !== undefined) bag["dbColumn"] = spec.column;
  if (Object.hasOwn(kwargs, "default")) {
    const maker = defaultOf(kwargs["default"] as Json, scope, spec.to !== undefined);
    if (maker !== undefined) bag["default"] = maker.value;
  }
  const dbDefault = kwargs["db_default"];
  if (isCallable(dbDefault) && String((dbDefault as JsonObject)["$callable"]).endsWith(".Now"))
    bag["dbDefault"] = scope.babik.make("Now");
  return bag;
}

function option(key: string, value: Json, scope: Scope): unknown {
  if (key === "protocol" || key === "choices") return decode(value, scope);
  return decodeNames(value, scope, undefined);
}

function isCallable(value: Json | undefined): boolean {
  return isObject(value) && Object.hasOwn(value, "$callable");
}

/** The default. No case depends on one that is local to a test: it is left out, but a relation may need to have one. */
function defaultOf(value: Json, scope: Scope, isRelation: boolean): { readonly value: unknown } | undefined {
  if (!isCallable(value)) return { value: decode(value, scope) };
  const maker = CALLABLES[String((value as JsonObject)["$callable"])];
  if (maker !== undefined) return { value: maker(scope) };
  return isRelation ? { value: () => null } : undefined;
}

function reverseNames(spec: FieldSpec): Record<string, unknown> {
  const query = spec.reverse_query_name;
  const out: Record<string, unknown> = { relatedName: spec.reverse_accessor ?? "+" };
  if (query !== undefined && !query.endsWith("+")) out["relatedQueryName"] = query;
  return out;
}

function relation(spec: FieldSpec, kwargs: JsonObject, scope: Scope): Record<string, unknown> {
  const out: Record<string, unknown> = {
    ...reverseNames(spec),
    onDelete: onDelete(kwargs["on_delete"] ?? "CASCADE", scope),
  };
  if (spec.parent_link === true) out["parentLink"] = true;
  return out;
}

function onDelete(value: Json, scope: Scope): unknown {
  if (typeof value === "string") return scope.babik.get(value);
  // A function of the test suite: no case depends on what it returns.
  const fixed = isObject(value) && Object.hasOwn(value, "$set_value") ? decode(value["$set_value"], scope) : null;
  return call({ SET: scope.babik.get("SET") }, "SET", [fixed]);
}

function manyToMany(spec: FieldSpec, kwargs: JsonObject, { owner, throughTable }: FieldPlace): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  if (spec.symmetrical === true) out["symmetrical"] = true;
  else {
    if (spec.to === owner) out["symmetrical"] = false;
    Object.assign(out, reverseNames(spec));
  }
  if (spec.through_auto_created === true) {
    if (throughTable !== undefined) out["dbTable"] = throughTable;
  } else if (spec.through !== undefined) {
    out["through"] = spec.through;
    const fields = listOf(kwargs["through_fields"] ?? []);
    if (fields.length > 0) out["throughFields"] = fields;
  }
  return out;
}
