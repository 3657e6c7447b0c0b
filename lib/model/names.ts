// Names of groups, printers and nodes (R69): what is not allowed is refused, never cleaned.

const pattern = /^[A-Za-z0-9_.-]{1,127}$/;

/** True for 1 to 127 of `[A-Za-z0-9_.-]`, but neither `.` nor `..`. Names are compared case-exact. */
export const isName = (text: string): boolean => pattern.test(text) && text !== '.' && text !== '..';

export const nameRule = 'a name is 1 to 127 of the characters A-Z a-z 0-9 _ . - and neither "." nor ".."';

const mediaTypePattern = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** A MIME media type without parameters, in lower case (RFC 6838 section 4.2). */
export const isMediaType = (text: string): boolean => mediaTypePattern.test(text);

export const mediaTypeRule = 'expected a media type such as application/pdf, in lower case';

/** An SNMP community that can be typed: 1 to 255 visible ASCII characters. */
export const isCommunity = (text: string): boolean => /^[\x21-\x7e]{1,255}$/.test(text);

export const communityRule = 'a community is 1 to 255 visible ASCII characters';

/** A DNS name, in any case: what clients may call a virtual server by. */
export const isHostName = (text: string): boolean =>
  text.length <= 253 && /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/.test(text);

export const hostNameRule = 'expected a DNS name: labels of letters, digits and hyphens, joined by dots';
