/**
 * Names of the recording turned into babik's and back: snake_case options and methods, and the names of foreign key
 * columns inside `__` paths. It knows the recorded model definitions and nothing of babik's code.
 */
import { createHash } from "node:crypto";
import type { AppSpec, FieldSpec, ModelSpec } from "./format.js";

/** `order_by` -> `orderBy`. Leading underscores stay. */
export function camel(name: string): string {
  return name.replace(/(?<=[a-z0-9])_+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

/** Longest name of a table that every database takes. */
const MAX_NAME = 60;

/** A table's name, cut where a database would refuse it or cut it in a way of its own. Which name it is, no case cares. */
export function tableName(name: string): string {
  if (name.length <= MAX_NAME) return name;
  return `${name.slice(0, MAX_NAME - 9)}_${createHash("md5").update(name).digest("hex").slice(0, 8)}`;
}

/** babik's name of a foreign key's value: `author` -> `authorId`. */
export function babikAttname(field: FieldSpec): string {
  return field.attname === undefined || field.attname === field.name ? field.name : `${field.name}Id`;
}

interface Target {
  /** What the segment is called in babik. */
  readonly name: string;
  /** The model the path goes on with, if any. */
  readonly model: string | undefined;
}

/** Translator of names for the models of one app. */
export class Names {
  private readonly models: Readonly<Record<string, ModelSpec>>;
  private readonly segments = new Map<string, Map<string, Target>>();
  /** Django's attname by babik's, for results. */
  private readonly back = new Map<string, string>();
  private readonly forward = new Map<string, string>();

  constructor(app: Pick<AppSpec, "models">) {
    this.models = app.models;
    const plain = new Set<string>();
    for (const model of Object.values(app.models))
      for (const field of model.fields) {
        const ours = babikAttname(field);
        plain.add(field.name);
        if (field.attname === undefined || ours === field.attname) continue;
        this.back.set(ours, field.attname);
        this.forward.set(field.attname, ours);
      }
    // A name that is also a plain field somewhere is only translated where the path tells which one is meant.
    for (const name of plain) this.forward.delete(name);
  }

  /** The model and its concrete parents, nearest first. */
  lineage(label: string): ModelSpec[] {
    const seen = new Set<string>();
    const out: ModelSpec[] = [];
    const visit = (name: string): void => {
      const model = this.models[name];
      if (model === undefined || seen.has(name)) return;
      seen.add(name);
      out.push(model);
      for (const base of model.bases ?? []) visit(base);
    };
    visit(label);
    return out;
  }

  /** Own and inherited fields with a column, parents' first. */
  columns(label: string): FieldSpec[] {
    return this.lineage(label)
      .reverse()
      .flatMap((model) => model.fields)
      .filter((field) => field.column !== undefined && field.custom !== true);
  }

  /** The model that holds the table of a proxy; other models are their own. */
  concrete(label: string): string {
    const model = this.models[label];
    const base = model?.bases?.[0];
    return model?.proxy === true && base !== undefined ? this.concrete(base) : label;
  }

  private segmentsOf(label: string): Map<string, Target> {
    const known = this.segments.get(label);
    if (known !== undefined) return known;
    const out = new Map<string, Target>();
    this.segments.set(label, out);
    const lineage = this.lineage(label);
    const labels = new Set(lineage.map((model) => this.concrete(model.label)));
    for (const model of lineage)
      for (const field of model.fields) {
        if (!out.has(field.name)) out.set(field.name, { name: field.name, model: field.to });
        if (field.attname !== undefined && !out.has(field.attname))
          out.set(field.attname, { name: babikAttname(field), model: field.to });
      }
    for (const model of Object.values(this.models))
      for (const field of model.fields)
        if (field.to !== undefined && labels.has(this.concrete(field.to)) && field.reverse_query_name !== undefined)
          if (!out.has(field.reverse_query_name))
            out.set(field.reverse_query_name, { name: field.reverse_query_name, model: model.label });
    return out;
  }

  /** Label of the model behind a related manager `accessor` on instances of `label`. */
  accessorTarget(label: string, accessor: string): string | undefined {
    for (const model of this.lineage(label))
      for (const field of model.fields) if (field.name === accessor && field.to !== undefined) return field.to;
    const labels = new Set(this.lineage(label).map((model) => this.concrete(model.label)));
    for (const model of Object.values(this.models))
      for (const field of model.fields)
        if (field.reverse_accessor === accessor && field.to !== undefined && labels.has(this.concrete(field.to)))
          return model.label;
    return undefined;
  }

  /** A path such as `author_id__in`, `-book__contact_id` or `pk`, seen from a model (if it is known). */
  path(path: string, label: string | undefined): string {
    if (!path.includes("_id")) return path;
    const sign = /^[-+?]/.exec(path)?.[0] ?? "";
    let model = label;
    const out = path
      .slice(sign.length)
      .split("__")
      .map((segment, index) => {
        const target = model === undefined ? undefined : this.segmentsOf(model).get(segment);
        // An unknown first segment is an alias of the query and stays; what follows it is guessed from all models.
        const alias = target === undefined && index === 0 && label !== undefined;
        model = target?.model;
        return target?.name ?? (alias ? segment : (this.forward.get(segment) ?? segment));
      });
    return sign + out.join("__");
  }

  /** A name in a result, such as `authorId` or `contactId__max`, as Django writes it. */
  original(path: string): string {
    return path
      .split("__")
      .map((segment) => this.back.get(segment) ?? segment)
      .join("__");
  }
}
