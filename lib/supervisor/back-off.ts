// Pure: how long to wait before what ended is started again.

const firstMs = 200;
const longestMs = 5_000;

/** What ran for so long counts as sound: its end is the first one again. */
export const soundAfterMs = 60_000;

/** The wait before the start that follows the n-th end in a row; 0 stands for none. */
export const backOffMs = (ends: number): number => (ends < 1 ? 0 : Math.min(longestMs, firstMs * 2 ** (ends - 1)));
