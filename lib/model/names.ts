// Names of groups, printers and nodes (R69): what is not allowed is refused, never cleaned.

const pattern = /^[A-Za-z0-9_.-]{1,127}$/;

/** True for 1 to 127 of `[A-Za-z0-9_.-]`, but neither `.` nor `..`. Names are compared case-exact. */
export const isName = (text: string): boolean => pattern.test(text) && text !== '.' && text !== '..';

export const nameRule = 'a name is 1 to 127 of the characters A-Z a-z 0-9 _ . - and neither "." nor ".."';
