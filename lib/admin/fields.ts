// What values of a request may look like.

import { isIP } from 'node:net';
import { z } from 'zod';
import { communityRule, hostNameRule, isCommunity, isHostName, isName, nameRule } from '../model/names.js';
import { isNetwork, networkRule } from '../platform/ip-address.js';

/** A whole number in a path or query. */
export const wholeText = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.int().min(least, `the least is ${least}`).max(most, `the most is ${most}`));

/** Text of at most `octets` octets in UTF-8 without control characters (R71). */
export const plainText = (octets: number) =>
  z
    .string()
    .refine((text) => Buffer.byteLength(text) <= octets, `at most ${octets} octets`)
    // oxlint-disable-next-line no-control-regex
    .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'no control characters');

export const nameText = z.string().refine(isName, nameRule);
export const addressText = z.string().refine((text) => isIP(text) !== 0, 'expected an IP address');
export const hostNameText = z.string().refine(isHostName, hostNameRule);
export const networkText = z.string().refine(isNetwork, networkRule);
export const communityText = z.string().refine(isCommunity, communityRule).describe('Write-only');
export const portNumber = z.int().min(1).max(65_535);

export const groupQuery = z.strictObject({
  group: nameText.optional().describe('The virtual server; may be left out when there is one only'),
});

/** As many digits as the store's keys have. */
export const jobIdText = wholeText(1, 9_999_999_999);
export const time = (what: string) => z.number().describe(`${what}, ms since 1970`);

/** In answers that are as last seen. */
export const storeSilentSince = time('Since when the store does not answer this node: what is shown is as last seen');
