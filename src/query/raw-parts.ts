/** SQL text of users with placeholders, taken apart. */
import type { Expr } from "../ast/expr.js";
import { ValueError } from "../base/errors.js";

/** SQL text with %s placeholders -> parts with parameters between them; `%%` is a percent sign when there are parameters. */
export function rawParts(sql: string, params: readonly Expr[]): (string | Expr)[] {
  if (params.length === 0 && !sql.includes("%s")) return [sql.replaceAll("%%", "%")];
  const out: (string | Expr)[] = [];
  let n = 0,
    text = "";
  for (let i = 0; i < sql.length; i++) {
    if (sql[i] === "%" && sql[i + 1] === "s") {
      if (n >= params.length) throw new ValueError("There are more %s in the SQL than parameters.", "sql.parameters");
      out.push(text, params[n++]!);
      text = "";
      i++;
    } else if (sql[i] === "%" && sql[i + 1] === "%") {
      text += "%";
      i++;
    } else text += sql[i];
  }
  if (n !== params.length) throw new ValueError("There are more parameters than %s in the SQL.", "sql.parameters");
  out.push(text);
  return out;
}
