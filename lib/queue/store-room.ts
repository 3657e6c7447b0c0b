// How full the store is, as far as the queue must act on it (DESIGN section 4).

export interface StoreRoom {
  /** Finished jobs go before their time. */
  readonly trimHistory: boolean;
  readonly refuseNewJobs: boolean;
}

export const roomEnough: StoreRoom = { trimHistory: false, refuseNewJobs: false };
