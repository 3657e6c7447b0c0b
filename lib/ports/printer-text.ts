// What a printer says, made fit for logs and people (R44).

const longest = 255;

/** Without control and format characters (line separators, direction marks), and no longer than 255 characters. */
export const printerText = (text: string): string =>
  Array.from(text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ').trim())
    .slice(0, longest)
    .join('');
