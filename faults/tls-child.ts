/**
 * Connects with `sslmode=verify-full` and no authority of its own, in a process whose Node knows the authority (NODE_EXTRA_CA_CERTS), as it knows
 * the public ones. Started by `tls.ts` with the kind of server; the address is in BABIK_CASE_URL.
 */
import { babik } from "babik";
import { cipherOf } from "./tls-cipher.js";

const [kind] = process.argv.slice(2);
const orm = babik({
  databases: {
    default: { url: process.env["BABIK_CASE_URL"]!, options: { sslmode: "verify-full", connectTimeout: 5000 } },
  },
  apps: {},
});
try {
  process.send!({ encrypted: (await cipherOf(orm, kind!)) !== "" });
} catch (error) {
  process.send!({ encrypted: false, error: error instanceof Error ? error.message : "an error" });
} finally {
  await orm.close();
  process.disconnect();
}
