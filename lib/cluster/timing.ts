// The durations of ownership (DESIGN section 5), in milliseconds.

export interface Timing {
  /** Between two renewals. */
  readonly renewEveryMs: number;
  /** What one renewal is given before the next may be sent. */
  readonly renewTimeoutMs: number;
  /** Deadline = send time of the last confirmed renewal + this. */
  readonly fenceAfterMs: number;
  /** Silence after which a node is fenced by others. */
  readonly takeoverAfterMs: number;
  /** A node heard of so long ago is alive, and so old may the watch's last proof of life be. */
  readonly heardWithinMs: number;
  /** The n-th candidate waits n times as long. */
  readonly staggerMs: number;
  /** How long a better owner must have lived before groups go back to it. */
  readonly failbackAfterMs: number;
  /** A timer that fires later than this was not running: nothing is certain any more. */
  readonly lateTickMs: number;
  /** How far suspend-counting and plain monotonic time may part. */
  readonly clockPartMs: number;
  /** What any other write is given before its outcome counts as unknown. */
  readonly writeTimeoutMs: number;
}

export const defaultTiming: Timing = {
  renewEveryMs: 300,
  renewTimeoutMs: 400,
  fenceAfterMs: 1_800,
  takeoverAfterMs: 2_600,
  heardWithinMs: 1_000,
  staggerMs: 200,
  failbackAfterMs: 60_000,
  lateTickMs: 900,
  clockPartMs: 250,
  writeTimeoutMs: 1_000,
};
