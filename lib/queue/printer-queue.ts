// The unfinished jobs of one printer. Those that only wait for the device stand in a binary heap, so that the next one is found
// at once, however many there are.

import type { JobRecord } from '../model/job.js';
import { compareJobs, isSchedulable } from './schedule.js';

export class PrinterQueue {
  readonly #jobs = new Map<number, JobRecord>();
  readonly #heap: JobRecord[] = [];
  /** Where each job stands in the heap. */
  readonly #places = new Map<number, number>();

  get size(): number {
    return this.#jobs.size;
  }

  values(): IterableIterator<JobRecord> {
    return this.#jobs.values();
  }

  /** The job to be printed next. */
  next(): JobRecord | undefined {
    return this.#heap[0];
  }

  /** Adds the job, or replaces what was known of it. */
  put(job: JobRecord): void {
    this.#jobs.set(job.id, job);
    if (!isSchedulable(job)) return this.#take(job.id);
    const place = this.#places.get(job.id) ?? this.#heap.length;
    this.#settle(job, place);
  }

  delete(id: number): void {
    this.#jobs.delete(id);
    this.#take(id);
  }

  #take(id: number): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#places.delete(id);
    const last = this.#heap.pop();
    if (last !== undefined && last.id !== id) this.#settle(last, place);
  }

  /** Puts the job at this place, then where it belongs. */
  #settle(job: JobRecord, place: number): void {
    this.#sink(job, this.#rise(job, place));
  }

  #rise(job: JobRecord, from: number): number {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || compareJobs(parent, job) <= 0) break;
      this.#set(parent, place);
      place = above;
    }
    this.#set(job, place);
    return place;
  }

  #sink(job: JobRecord, from: number): void {
    let place = from;
    for (;;) {
      const below = this.#firstBelow(place);
      const child = this.#heap[below];
      if (child === undefined || compareJobs(job, child) <= 0) break;
      this.#set(child, place);
      place = below;
    }
    this.#set(job, place);
  }

  #firstBelow(place: number): number {
    const [left, right] = [2 * place + 1, 2 * place + 2];
    const [one, other] = [this.#heap[left], this.#heap[right]];
    return one !== undefined && other !== undefined && compareJobs(other, one) < 0 ? right : left;
  }

  #set(job: JobRecord, place: number): void {
    this.#heap[place] = job;
    this.#places.set(job.id, place);
  }
}
