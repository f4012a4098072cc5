/** Whether a session is encrypted, as the server sees it. */
import type { Bank } from "./bank.js";

/** The cipher of the session; empty where it is in clear. */
export async function cipherOf(orm: Pick<Bank, "connection">, kind: string): Promise<string> {
  await using cursor = await orm.connection().cursor();
  await cursor.execute(
    kind === "postgres"
      ? "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
      : "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'SSL_CIPHER'",
  );
  return String((await cursor.fetchone())?.[0] ?? "");
}
