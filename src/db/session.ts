/**
 * Whether a statement written by hand may leave something in the session that the next user of the connection would meet:
 * settings, temporary tables, advisory locks, prepared names, listeners. It reads text and must not know connections.
 */

// Functions that reach into the session, wherever they stand. Locks that end with the transaction are none of them.
const reaching =
  /\b(?:set_config|pg_(?:try_)?advisory_lock(?:_shared)?|setseed|dblink_connect|get_lock)\s*\(|:=|\binto\s+(?:temp|temporary|pg_temp|@)/i;
// Statements that change data or tables only.
const ordinary =
  /^(?:select|insert|update|delete|merge|replace|with|values|table|explain|show|describe|analyze|fetch|close|savepoint|release|rollback|commit|truncate|comment|grant|revoke|drop|alter|call|create(?!\s+(?:(?:local|global)\s+)?temp))\b/i;
const local = /^set\s+(?:local|transaction|constraints|statement)\b/i;

/**
 * True where the text may change the session. What a function or procedure of the database's own does is not seen.
 * @example changesSession("SET search_path TO other") // => true
 */
export function changesSession(text: string): boolean {
  const start = text.replace(/^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()+/, "");
  if (local.test(start)) return false;
  return !ordinary.test(start) || reaching.test(text);
}

/** The same for several statements in one text. Cut at every semicolon: what is cut wrongly counts as a change. */
export function scriptChangesSession(text: string): boolean {
  return text.split(";").some((part) => part.trim() !== "" && changesSession(part));
}
