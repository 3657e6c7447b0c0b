// Where the keys of a prefix end, in the order of UTF-8 octets. Pure.

/** The first key after all that start with `prefix`; no octet of UTF-8 is 0xff. Undefined for the empty prefix. */
export const afterPrefix = (prefix: Buffer): Buffer | undefined => {
  if (prefix.length === 0) return undefined;
  const after = Buffer.from(prefix);
  after[after.length - 1] = (after.at(-1) ?? 0) + 1;
  return after;
};
