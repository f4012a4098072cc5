/** Comparing names that stand for people: the same only if nobody could take one for the other by a trick of letters. */

/**
 * Whether two e-mail addresses or user names are the same: ASCII letters in any case, everything else as it is.
 *
 * Databases compare without case each in their own way: some take the Turkish `ı`, the long `ſ` or the Kelvin sign for the
 * letters that they resemble. Whoever finds a row by `iexact` and sends a secret to the address that was typed in may so send it to
 * somebody else. Compare the row's own value with what was typed, and send to the row's.
 * @param a one text
 * @param b the other
 * @returns true when they are the same; false also where one of them is no text
 * @example
 * const user = await User.objects.filter({ email__iexact: typed }).first();
 * if (user !== null && sameIdentity(user.email, typed)) await sendReset(user.email);
 */
export function sameIdentity(a: unknown, b: unknown): boolean {
  return typeof a === "string" && typeof b === "string" && lower(a) === lower(b);
}
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
