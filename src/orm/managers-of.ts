/** The managers of each model, by name, and which of them related sets start from. */
import type { ModelMeta } from "../meta/options.js";
import { Manager } from "./manager.js";

const table = new WeakMap<ModelMeta, ReadonlyMap<string, Manager>>();
const own = new WeakMap<ModelMeta, number>();
/** @param declared how many of them the model declares itself; they come first */
export function setManagers(meta: ModelMeta, managers: ReadonlyMap<string, Manager>, declared: number): void {
  table.set(meta, managers);
  own.set(meta, declared);
}
/** Managers of a model, in order: its own, then those of its bases. */
export function managersOf(meta: ModelMeta): ReadonlyMap<string, Manager> {
  return table.get(meta) ?? new Map();
}
/**
 * The manager that related sets of a model start from: Meta.defaultManagerName (of its first base where it declares no manager), else the
 * first one declared, else `objects`.
 */
export function defaultManagerOf(meta: ModelMeta): Manager {
  const managers = managersOf(meta);
  const named = defaultName(meta);
  if (named !== undefined && managers.has(named)) return managers.get(named)!;
  for (const m of managers.values()) return m;
  const cls = meta.modelClass as { objects?: unknown } | null;
  const objects = cls?.objects;
  return objects instanceof Manager ? objects : new Manager().bind(meta.modelClass as never, "objects");
}
function defaultName(meta: ModelMeta): string | undefined {
  const name = meta.options.defaultManagerName;
  if (name !== undefined || (own.get(meta) ?? 0) > 0) return name;
  const base = meta.proxyFor ?? [...meta.parents.keys()][0];
  return base === undefined ? undefined : defaultName(base);
}
