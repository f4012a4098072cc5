/** The command line of the runner. It must not run anything. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DATABASES, type DatabaseName } from "./format.js";

/** What was asked for. */
export interface Options {
  /** `undefined`: SQLite, and the servers that the environment names. */
  readonly databases: readonly DatabaseName[] | undefined;
  readonly folder: string;
  readonly apps: readonly string[];
  readonly id: string | undefined;
  readonly json: string | undefined;
  readonly verbose: boolean;
  readonly group: boolean;
  /** Baseline to compare with. */
  readonly check: string | undefined;
  readonly help: boolean;
}

/** What `--help` prints. */
export const USAGE = `Replays the recorded cases of Django's own tests through babik.

  --db sqlite|postgres|mariadb|all   databases, several with commas (default: sqlite and the servers that
                                     BABIK_POSTGRES_URL and BABIK_MARIADB_URL name)
  --dir DIR                          folder of the cases (default: BABIK_CONFORMANCE, or ../shared/conformance)
  --app NAME                         only this app; may be given several times, or with commas
  --id SUBSTRING                     only cases whose id or test contains it
  --json FILE                        write all outcomes to a file
  --verbose                          print every case that does not pass
  --group                            print the failures grouped by message, most frequent first
  --check FILE, --check-baseline     fail where a database has fewer passes than the baseline`;

/** Reads the command line; `root` is the folder of the checkout. Throws a TypeError for what it does not know. */
export function readOptions(args: readonly string[], root: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      db: { type: "string" },
      dir: { type: "string" },
      app: { type: "string", multiple: true },
      id: { type: "string" },
      json: { type: "string" },
      verbose: { type: "boolean", default: false },
      group: { type: "boolean", default: false },
      check: { type: "string" },
      "check-baseline": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const fromEnvironment = process.env["BABIK_CONFORMANCE"] ?? "";
  return {
    databases: values.db === undefined ? undefined : databases(values.db),
    folder: values.dir ?? (fromEnvironment === "" ? `${root}/../shared/conformance` : fromEnvironment),
    apps: (values.app ?? []).flatMap((name) => name.split(",")),
    id: values.id,
    json: values.json,
    verbose: values.verbose,
    group: values.group,
    check: values.check ?? (values["check-baseline"] ? `${root}/conformance/baseline.json` : undefined),
    help: values.help,
  };
}

function databases(text: string): DatabaseName[] {
  if (text === "all") return [...DATABASES];
  return text.split(",").map((name) => {
    const found = DATABASES.find((known) => known === name);
    if (found === undefined)
      throw new TypeError(`--db ${name} is not a database. Choices are: ${DATABASES.join(", ")}, all.`);
    return found;
  });
}

/** Folder of the checkout: the nearest parent of the compiled runner that is not its build folder. */
export function rootFolder(moduleUrl: string): string {
  return fileURLToPath(new URL(moduleUrl.includes("/.build/") ? "../.." : "..", moduleUrl)).replace(/\/$/, "");
}
