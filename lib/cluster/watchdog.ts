// The supervisor, as the worker knows it (DESIGN section 5): told of each life and deadline, so that it can act when the worker does not.

export interface Watchdog {
  tellLife(incarnation: string): void;
  /** Monotonic time of the worker, ms. */
  tellDeadline(deadline: number): void;
  /** Nothing of the life is left. */
  tellEnded(): void;
  /** Told when the supervisor has not answered for too long. */
  onSilence(listener: (because: string) => void): void;
  close(): void;
}
