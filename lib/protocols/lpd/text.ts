// Text in LPD has no character set: UTF-8 where it is valid UTF-8, else ISO 8859-1, as old senders write it.

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Control characters are left out (R70: what a legacy sender writes is stripped, not refused). */
export const decodeText = (octets: Uint8Array): string => {
  let text: string;
  try {
    text = utf8.decode(octets);
  } catch {
    text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1');
  }
  return text.replace(/\p{Cc}/gu, '');
};

/** UTF-8 of at most `limit` octets, never ending inside a character, without control characters. */
export const encodeText = (text: string, limit: number): Uint8Array => {
  let length = 0;
  let kept = '';
  for (const character of text.replace(/\p{Cc}/gu, '')) {
    length += Buffer.byteLength(character);
    if (length > limit) break;
    kept += character;
  }
  return Buffer.from(kept);
};

/** The text's beginning, of at most `limit` octets in UTF-8. */
export const shortText = (text: string, limit: number): string => Buffer.from(encodeText(text, limit)).toString();
