/** Places in the texts of messages. */

/** `%(name)s` in a message becomes the parameter of that name. */
export function fillMessage(message: string, params: Readonly<Record<string, unknown>>): string {
  return message.replace(/%\((\w+)\)[sdr]/g, (whole, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : whole,
  );
}
