/** The managers of each model, by name, and which of them related sets start from. */
import type { ModelMeta } from "../meta/options.js";
import { Manager } from "./manager.js";

const table = new WeakMap<ModelMeta, ReadonlyMap<string, Manager>>();
export function setManagers(meta: ModelMeta, managers: ReadonlyMap<string, Manager>): void {
  table.set(meta, managers);
}
/** Managers a model declares, in order. */
export function managersOf(meta: ModelMeta): ReadonlyMap<string, Manager> {
  return table.get(meta) ?? new Map();
}
/** The manager that related sets of a model start from: Meta.defaultManagerName, else the first one declared, else `objects`. */
export function defaultManagerOf(meta: ModelMeta): Manager {
  const managers = managersOf(meta);
  const named = meta.options.defaultManagerName ?? meta.proxyFor?.options.defaultManagerName;
  if (named !== undefined && managers.has(named)) return managers.get(named)!;
  for (const m of managers.values()) return m;
  const cls = meta.modelClass as { objects?: unknown } | null;
  const objects = cls?.objects;
  return objects instanceof Manager ? objects : new Manager().bind(meta.modelClass as never, "objects");
}
