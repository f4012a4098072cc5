/** One case in a process of its own: `case.js <name>`. Tells when its work is done; from then on the process has to end by itself. */
import { cases, openRows, readAll } from "./cases.js";

const name = process.argv[2]!;
const orm = openRows(process.env["BABIK_CASE_URL"]!);
const facts = name === "stream" ? await readAll() : void (await cases[name]!(orm));
process.send!({ at: Date.now(), ...facts });
process.disconnect();
