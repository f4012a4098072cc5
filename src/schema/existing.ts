/** What is there of that which is to be removed: names of tables and of foreign keys, as the database has them. */
import type { DdlNode } from "../ast/ddl.js";
import type { DialectInfo } from "../ast/seams.js";
import { shortenIdentifier } from "../base/names.js";
import type { Database } from "../db/connection.js";

const TABLES: Readonly<Record<DialectInfo["name"], string>> = {
  sqlite:
    "SELECT name FROM sqlite_master WHERE type = 'table' UNION ALL SELECT name FROM sqlite_temp_master WHERE type = 'table'",
  postgres:
    "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'f') AND pg_catalog.pg_table_is_visible(c.oid)",
  mysql: "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
};
const FOREIGN_KEYS =
  "SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = DATABASE() AND constraint_type = 'FOREIGN KEY'";

/** The nodes that remove something that is there. */
export async function existing(nodes: readonly DdlNode[], db: Database, dialect: DialectInfo): Promise<DdlNode[]> {
  const most = dialect.features.maxIdentifier;
  // Only PostgreSQL tells quoted names apart by case on every system.
  const fold = (name: string): string => (dialect.name === "postgres" ? name : name.toLowerCase());
  const names = async (text: string): Promise<(name: string) => boolean> => {
    const found = new Set((await db.run({ text, params: [] })).rows.map(([name]) => fold(String(name))));
    return (name) => found.has(fold(name.length > most ? shortenIdentifier(name, most) : name));
  };
  const isTable = await names(TABLES[dialect.name]);
  const isKey = nodes.some((n) => n.kind === "dropConstraint") ? await names(FOREIGN_KEYS) : () => false;
  return nodes.filter((n) => isTable(n.table) && (n.kind !== "dropConstraint" || isKey(n.name)));
}
