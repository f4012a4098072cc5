/**
 * Writes the programs whose type cost is measured: many models of twelve fields and a relation or two, and many queries.
 * Everything is drawn from a fixed sequence, so that a count means the same every time.
 */
const KINDS = [
  "CharField({ maxLength: 100 })",
  "IntegerField()",
  "DecimalField({ maxDigits: 10, decimalPlaces: 2 })",
  "BooleanField({ default: true })",
  "DateTimeField({ null: true })",
];

/** Source of `count` models; each names another, every fifth has a many-to-many relation too. */
export function modelsSource(count) {
  const out = [
    'import { BooleanField, CASCADE, CharField, DateTimeField, DecimalField, ForeignKey, IntegerField, ManyToManyField, model } from "babik";',
  ];
  for (let i = 0; i < count; i++) {
    out.push(`export class M${i} extends model("M${i}", {`);
    for (let j = 0; j < 12; j++) out.push(`  f${j}: ${KINDS[j % KINDS.length]},`);
    out.push(`  rel: ForeignKey("M${(i * 7 + 3) % count}", { onDelete: CASCADE, relatedName: "back${i}" }),`);
    if (i % 5 === 0) out.push(`  tags: ManyToManyField("M${(i + 11) % count}", { relatedName: "tagged${i}" }),`);
    out.push("}) {}");
  }
  return out.join("\n");
}

/** Source that registers the models. */
export const ORM = `import { babik } from "babik";
import * as shop from "./models.js";
export const orm = babik({ databases: { default: "sqlite::memory:" }, apps: { shop } });
declare module "babik" { interface Register { orm: typeof orm } }
`;

const IMPORTS =
  'import * as m from "./models.js";\nimport { Avg, Count, F, Lower, Q, Sum } from "babik";\nexport const used = [Avg, Count, F, Lower, Q, Sum];\n';

/** The models that queries are about: spread over all of them by a fixed sequence. */
function drawn(models, count) {
  let seed = 1;
  return Array.from({ length: count }, () => (seed = (seed * 16807) % 2147483647) % models);
}

/** Source of `3 * count` queries: conditions over paths; a longer chain; values over paths. Each result is used. */
export function mixedSource(models, count) {
  const queries = drawn(models, count).map(
    (
      i,
      q,
    ) => `  const r${q} = await m.M${i}.objects.filter({ f0__icontains: "x", f1__gte: ${q}, rel__f0: "a", rel__rel__f1__lt: 3 });
  r${q}[0]!.f0.length;
  const s${q} = await m.M${i}.objects.selectRelated("rel__rel").annotate({ n: Count("rel"), a: Avg("f1") }).filter({ n__gt: 2 }).orderBy("-n", "rel__f0");
  s${q}[0]!.rel.rel.f0.length;
  s${q}[0]!.n.toFixed();
  const v${q} = await m.M${i}.objects.values("f0", "rel__f1", "rel__rel__f2");
  v${q}[0]!.f0.length;`,
  );
  return `${IMPORTS}export async function main() {\n${queries.join("\n")}\n}\n`;
}

/** Source of one query per model, `lines` being written out for each of the first `count` models. */
export function repeatedSource(count, ...lines) {
  const blocks = Array.from(
    { length: count },
    (_, i) => `  {\n${lines.map((line) => `    ${line.replaceAll("$", String(i))}`).join("\n")}\n  }`,
  );
  return `${IMPORTS}export async function main() {\n${blocks.join("\n")}\n}\n`;
}
