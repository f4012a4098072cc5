/**
 * TLS of one connection: the options that a driver hands to Node's `tls.connect`, with the name that the certificate has to carry. Drivers
 * differ in what they check by themselves, and have changed it from version to version: nothing is left to them. It must not know drivers.
 */
import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContextOptions } from "node:tls";
import type { TlsOptions } from "./server-options.js";

/** Options of `tls.connect` for one host. */
export interface HostTls {
  readonly [option: string]: unknown;
}

/**
 * What a connection to `host` is encrypted with; `false` where it is not.
 * @example tlsFor({ rejectUnauthorized: true }, "10.0.0.5") // the certificate has to be for 10.0.0.5
 */
export function tlsFor(tls: TlsOptions, host: string): false | HostTls {
  if (tls === false) return false;
  const given = tls["servername"];
  const name = typeof given === "string" ? given : host;
  return {
    // Node would take a certificate for 'localhost' where it is told neither name nor host, as by drivers that connect to an address.
    checkServerIdentity: (_asked: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate),
    ...tls,
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
  };
}

/**
 * The same for the MariaDB connector. Without authorities of the settings' own it takes any certificate of a server that says it is
 * MariaDB 11.4 or newer, sends it user and scrambled password, and has it prove afterwards that it knows the password: who made up
 * the server can guess at leisure. With authorities, which are Node's own here, it checks first.
 */
export function mariaTlsFor(tls: TlsOptions, host: string): false | HostTls {
  const options = tlsFor(tls, host);
  if (options === false || options["rejectUnauthorized"] === false || options["ca"] !== undefined) return options;
  const secureContext = createSecureContext(options as SecureContextOptions);
  return { ...options, secureContext, ca: [] };
}
