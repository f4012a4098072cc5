/** A certificate authority for one run, made with openssl. It must not know servers. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A key, and a certificate for it. */
export interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** What one run needs: the authority's certificate, a server's, the same signed by itself, and an authority that signed nothing. */
export interface Certificates {
  readonly authority: string;
  readonly stranger: string;
  readonly server: Pair;
  readonly selfSigned: Pair;
}

/** Makes certificates for the host `name`; gives why that is impossible where it is. */
export function makeCertificates(name: string): Certificates | { readonly skipped: string } {
  const folder = mkdtempSync(join(tmpdir(), "babik-certificates-"));
  const failed: string[] = [];
  const openssl = (...args: readonly string[]): void => {
    const { status, stderr, error } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) failed.push(error?.message ?? stderr.trim().split("\n").at(-1) ?? "it failed");
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-addext", `subjectAltName=DNS:${name}`];
  const signedByItself = (file: string, ...more: readonly string[]): void =>
    openssl("req", "-x509", ...newKey, "-days", "2", "-keyout", `${file}.key`, "-out", `${file}.pem`, ...more);
  try {
    signedByItself("authority", "-subj", "/CN=authority of a test");
    signedByItself("stranger", "-subj", "/CN=another authority");
    signedByItself("alone", "-subj", `/CN=${name}`, ...names);
    openssl("req", ...newKey, "-keyout", "server.key", "-out", "server.csr", "-subj", `/CN=${name}`, ...names);
    const authority = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"];
    openssl(
      "x509",
      "-req",
      "-in",
      "server.csr",
      ...authority,
      "-copy_extensions",
      "copy",
      "-days",
      "2",
      "-out",
      "server.pem",
    );
    if (failed.length > 0) return { skipped: `openssl: ${failed[0]}` };
    const read = (file: string): string => readFileSync(join(folder, file), "utf8");
    const pair = (file: string): Pair => ({ key: read(`${file}.key`), cert: read(`${file}.pem`) });
    return {
      authority: read("authority.pem"),
      stranger: read("stranger.pem"),
      server: pair("server"),
      selfSigned: pair("alone"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
