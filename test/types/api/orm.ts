/** Registers the models of the type tests: the one line that makes everything typed. */
import { babik } from "babik";
import * as crm from "./crm.js";
import * as shop from "./shop.js";

export const orm = babik({ databases: { default: "sqlite::memory:" }, apps: { shop, crm } });

declare module "babik" {
  interface Register {
    orm: typeof orm;
  }
  interface CustomLookups<In> {
    text: { sounds_like: string };
    any: { ne: In };
  }
  interface CustomTransforms {
    text: { length: "number" };
  }
}
