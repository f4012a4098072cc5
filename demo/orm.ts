/** The orm of the atlas, and the line that makes every path, value and row of it typed. */
import { babik } from "babik";
import * as atlas from "./models.js";

/** Opens the atlas in a database. */
export function openAtlas(url: string) {
  return babik({ databases: { default: url }, apps: { atlas } });
}

declare module "babik" {
  interface Register {
    orm: ReturnType<typeof openAtlas>;
  }
}
